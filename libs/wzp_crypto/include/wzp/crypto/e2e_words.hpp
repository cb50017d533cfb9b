/// \file
/// Six words by which people recognise an identity when they read them to each other.
/// Format: docs/wire/e2e.md, "Words".
#pragma once

#include <array>
#include <string_view>

#include "wzp/crypto/export.hpp"
#include "wzp/crypto/keys.hpp"

namespace wzp::crypto::e2e {

/// Of the BIP39 English list: the first 66 bits of 16,384 rounds of SHA-512 over the identity,
/// which makes finding another identity with the same words 2^66 times that work. Takes about 10
/// ms: keep the result.
[[nodiscard]] WZP_CRYPTO_EXPORT std::array<std::string_view, 6> identity_words(
    const IdentityKey& identity);

}  // namespace wzp::crypto::e2e
