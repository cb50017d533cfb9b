/// \file
/// The parts of an http:// or https:// URL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wzp/proto/expected.hpp"

namespace wzp::gateway {

struct HttpUrl {
  bool is_https = false;
  std::string host;  ///< Name or address; an IPv6 address without its brackets.
  std::uint16_t port = 80;
  std::string target;  ///< Path and query: "/v1/auth/validate".

  /// As a Host header wants it: the port only if it is not the usual one.
  [[nodiscard]] std::string authority() const;
  /// User names, fragments and control characters are refused. The error says what was expected.
  [[nodiscard]] static Expected<HttpUrl, std::string> parse(std::string_view text);
};

}  // namespace wzp::gateway
