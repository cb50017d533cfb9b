// Writes JSON text the way the reference's serialiser does: no white space, shortest floats.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wzp::proto::json {

/// Quoted, with the reference's escapes: \" \\ \b \f \n \r \t, \u00xx below 0x20, the rest raw.
void append_string(std::string& out, std::string_view text);
void append_integer(std::string& out, std::uint64_t value);
/// The shortest decimal that reads back as the same float, always with point or exponent; null for
/// NaN and infinities.
void append_float(std::string& out, float value);

}  // namespace wzp::proto::json
