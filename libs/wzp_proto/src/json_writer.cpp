#include "json_writer.hpp"

#include <algorithm>
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
void append_layout(std::string& out, const Decimal& d) {
  const int length = static_cast<int>(d.digits.size());
  const int point = d.exponent + 1;  // digits before the decimal point
  const bool scientific = point > 13 || point <= -6;
  const int before = scientific ? 1 : std::clamp(point, 0, length);
  out.append(before == 0 ? "0" : d.digits.substr(0, static_cast<std::size_t>(before)));
  if (!scientific && point > length) out.append(static_cast<std::size_t>(point - length), '0');
  const bool fraction = before < length;
  if (fraction || !scientific) out.push_back('.');
  if (!scientific && point < 0) out.append(static_cast<std::size_t>(-point), '0');
  if (fraction) out.append(d.digits, static_cast<std::size_t>(before));
  if (!fraction && !scientific) out.push_back('0');
  if (scientific) out.append("e").append(std::to_string(d.exponent));
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
  if (value == 0.0F) {
    out += "0.0";
  } else {
    append_layout(out, shortest(std::fabs(value)));
  }
}

}  // namespace wzp::proto::json
