/// \file
/// The form of a room's name that travels in the TLS server name.
#pragma once

#include <string>
#include <string_view>

#include "wzp/crypto/export.hpp"

namespace wzp::crypto {

/// 32 lower-case hex digits: the first 16 bytes of SHA-256("featherchat-group:" || name), any
/// UTF-8. Safe as a DNS label. No protection for the name: there is no key, an ordinary name falls
/// to a dictionary.
[[nodiscard]] WZP_CRYPTO_EXPORT std::string room_hash(std::string_view name);

/// The server name of a client that names no room, or the empty one.
inline constexpr std::string_view kDefaultRoomServerName = "default";

}  // namespace wzp::crypto
