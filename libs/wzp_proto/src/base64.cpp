#include "base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace wzp::proto {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_reverse() {
  std::array<std::int8_t, 256> table{};
  for (auto& entry : table) entry = -1;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}
constexpr auto kReverse = make_reverse();

// Value of up to four characters (24 bits, missing ones 0); nothing if one is not in the alphabet.
std::optional<std::uint32_t> group_value(std::string_view group) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const int digit = i < group.size() ? kReverse[static_cast<unsigned char>(group[i])] : 0;
    if (digit < 0) return std::nullopt;
    value = value << 6 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

}  // namespace

void append_base64(std::string& out, ByteView bytes) {
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      value = value << 8 | (i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i]) : 0);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= bytes.size() ? kAlphabet[(value >> (18 - 6 * i)) & 63] : '=';
    }
  }
}

std::optional<std::vector<std::byte>> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::byte> out;
  out.reserve(text.size() / 4 * 3);
  for (; !text.empty(); text.remove_prefix(4)) {
    std::string_view group = text.substr(0, 4);
    if (text.size() == 4) {
      if (group.ends_with('=')) group.remove_suffix(1);
      if (group.ends_with('=')) group.remove_suffix(1);
    }
    const auto value = group_value(group);
    const std::size_t bytes = group.size() - 1;
    if (!value || bytes == 0 || (bytes < 3 && (*value << (8 + 8 * bytes)) != 0)) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < bytes; ++i) {
      out.push_back(static_cast<std::byte>(*value >> (16 - 8 * i)));
    }
  }
  return out;
}

}  // namespace wzp::proto
