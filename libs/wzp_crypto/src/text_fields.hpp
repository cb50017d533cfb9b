/// \file
/// Fields of a line, one after the other.
#pragma once

#include <algorithm>
#include <string_view>

namespace wzp::crypto {

/// What stands before the next separator (or all), which is removed together with it.
inline std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return out;
}

}  // namespace wzp::crypto
