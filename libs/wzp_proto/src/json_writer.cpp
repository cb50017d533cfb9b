#include "json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace wzp::proto::json {
namespace {

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto code = static_cast<unsigned char>(c);
  if (code >= 0x20) {
    out += c;
    return;
  }
  out += "\\u00";
  out += kHex[code >> 4];
  out += kHex[code & 15];
}

// Decimal digits d1 d2 ... and the power of ten with value = d1.d2... * 10^exponent.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

Decimal shortest(float value) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.begin(), text.end(), value, std::chars_format::scientific).ptr;
  Decimal d;
  const char* p = text.data();
  for (; *p != 'e'; ++p) {
    if (*p != '.') d.digits += *p;
  }
  ++p;
  if (*p == '+') ++p;
  std::from_chars(p, end, d.exponent);
  return d;
}

// The layout of the reference: plain notation for 1e-6 <= |value| < 1e13, otherwise an exponent.
std::string layout(const Decimal& d) {
  const int length = static_cast<int>(d.digits.size());
  const int point = d.exponent + 1;  // digits before the decimal point
  if (point > 13 || point <= -6) {
    std::string text = d.digits.substr(0, 1);
    if (length > 1) text += "." + d.digits.substr(1);
    return text + "e" + std::to_string(d.exponent);
  }
  if (point >= length)
    return d.digits + std::string(static_cast<std::size_t>(point - length), '0') + ".0";
  if (point > 0) {
    const auto at = static_cast<std::size_t>(point);
    return d.digits.substr(0, at) + "." + d.digits.substr(at);
  }
  return "0." + std::string(static_cast<std::size_t>(-point), '0') + d.digits;
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) append_escaped(out, c);
  out += '"';
}

void append_integer(std::string& out, std::uint64_t value) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.begin(), text.end(), value).ptr;
  out.append(text.data(), end);
}

void append_float(std::string& out, float value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  if (std::signbit(value)) out += '-';
  out += value == 0.0F ? "0.0" : layout(shortest(std::fabs(value)));
}

}  // namespace wzp::proto::json
