/// \file
/// Tokens: what a relay wants to know of an authentication service, and what it is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wzp/crypto/fingerprint.hpp"
#include "wzp/transport/connection.hpp"

namespace wzp::relay {

/// A participant waits for a verdict about its token.
struct TokenCheck {
  transport::ConnectionHandle who;
  std::string token;
};

struct TokenVerdict {
  enum class Kind : std::uint8_t {
    kAccepted,
    kRejected,     ///< The service said no.
    kUnavailable,  ///< There is no answer that could be used.
  };
  Kind kind = Kind::kUnavailable;
  crypto::Fingerprint fingerprint;   ///< If accepted: whose token it is.
  std::optional<std::string> alias;  ///< UTF-8, at most 64 bytes.
  std::string why;                   ///< If not: one line for people.
};

}  // namespace wzp::relay
