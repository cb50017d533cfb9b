/// \file
/// Argon2id: a key from something a person can remember.
#pragma once

#include <array>

#include "wzp/crypto/export.hpp"
#include "wzp/crypto/secret.hpp"

namespace wzp::crypto {

struct Argon2Cost {
  std::uint32_t passes = 3;             ///< At least 1.
  std::size_t memory_bytes = 64 << 20;  ///< At least 8 KiB.
};

/// Argon2id version 1.3, one lane, 32 bytes. Takes about 0.1 s with the default cost: never call it
/// where packets wait. Throws std::bad_alloc if the memory can't be had.
[[nodiscard]] WZP_CRYPTO_EXPORT Secret<32> argon2id(ByteView password,
                                                    std::span<const std::byte, 16> salt,
                                                    Argon2Cost cost = {});

}  // namespace wzp::crypto
