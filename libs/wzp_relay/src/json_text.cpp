#include "wzp/relay/json_text.hpp"

namespace wzp::relay {

std::string json_text(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\u00";
      out += {kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return out += '"';
}

}  // namespace wzp::relay
