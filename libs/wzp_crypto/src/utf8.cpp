#include "utf8.hpp"

#include <sodium.h>
#include <utf8proc.h>

#include <cstdlib>
#include <new>

namespace wzp::crypto {
namespace {

const utf8proc_uint8_t* units(std::string_view text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

}  // namespace

bool is_displayable(std::string_view text) noexcept {
  while (!text.empty()) {
    utf8proc_int32_t code_point = 0;
    const auto n =
        utf8proc_iterate(units(text), static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    if (n <= 0) return false;
    switch (utf8proc_category(code_point)) {
      case UTF8PROC_CATEGORY_CC:
      case UTF8PROC_CATEGORY_CF:
      case UTF8PROC_CATEGORY_CN:
      case UTF8PROC_CATEGORY_CO:
      case UTF8PROC_CATEGORY_CS:
      case UTF8PROC_CATEGORY_ZL:
      case UTF8PROC_CATEGORY_ZP:
        return false;
      default:
        break;
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::optional<SecretBytes> to_nfc(std::string_view text) {
  utf8proc_uint8_t* composed = nullptr;
  const auto size =
      utf8proc_map(units(text), static_cast<utf8proc_ssize_t>(text.size()), &composed,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (size == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  if (size < 0) return std::nullopt;
  const auto n = static_cast<std::size_t>(size);
  SecretBytes out = SecretBytes::copy_of(std::as_bytes(std::span(composed, n)));
  sodium_memzero(composed, n);
  std::free(composed);
  return out;
}

}  // namespace wzp::crypto
