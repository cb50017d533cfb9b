/// \file
/// Session keys: their public name, and how each follows from a key agreement.
#pragma once

#include <array>

#include "wzp/crypto/export.hpp"
#include "wzp/crypto/secret.hpp"

namespace wzp::crypto {

using SessionId = std::array<std::byte, 4>;

/// The first 4 bytes of SHA-256(key).
[[nodiscard]] WZP_CRYPTO_EXPORT SessionId session_id(const Secret<32>& key);

/// Of a handshake: Expand(Extract(empty, shared), "warzone-session-key", 32).
[[nodiscard]] WZP_CRYPTO_EXPORT Secret<32> first_session_key(const Secret<32>& shared);

/// Of a rekey: Expand(Extract(old key, shared), "warzone-rekey", 32). Needs both the old key and
/// the new agreement, so a thief of either alone has neither past nor future.
[[nodiscard]] WZP_CRYPTO_EXPORT Secret<32> next_session_key(const Secret<32>& old_key,
                                                            const Secret<32>& shared);

}  // namespace wzp::crypto
