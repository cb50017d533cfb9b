/// \file
/// SHA-256, SHA-512 and HKDF-SHA256 over inputs given in parts, so that callers need not join them.
///
/// None of these is for the packet path: they cost around a microsecond and allocate.
#pragma once

#include <array>
#include <initializer_list>

#include "wzp/crypto/export.hpp"
#include "wzp/crypto/secret.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::crypto {

/// The parts of an input, hashed as if joined: `{as_byte_view("label"), key}`.
using Parts = std::initializer_list<ByteView>;
using Sha256Hash = std::array<std::byte, 32>;
using Sha512Hash = std::array<std::byte, 64>;
/// What one HKDF-SHA256 expansion gives at most, in bytes.
inline constexpr std::size_t kMostHkdfOutput = 8160;

[[nodiscard]] WZP_CRYPTO_EXPORT Sha256Hash sha256(Parts parts);
[[nodiscard]] WZP_CRYPTO_EXPORT Sha512Hash sha512(Parts parts);

/// RFC 5869 section 2.2. An empty salt counts as 32 zero bytes.
[[nodiscard]] WZP_CRYPTO_EXPORT Secret<32> hkdf_extract(ByteView salt, Parts key_material);

/// RFC 5869 section 2.3. Requires: out.size() <= kMostHkdfOutput.
WZP_CRYPTO_EXPORT void hkdf_expand_into(ByteView prk, Parts info, MutableBytes out);

/// N bytes of key from a pseudo-random key of 32 bytes.
template <std::size_t N>
[[nodiscard]] Secret<N> hkdf_expand(const Secret<32>& prk, Parts info) {
  static_assert(N <= kMostHkdfOutput);
  Secret<N> out;
  hkdf_expand_into(prk.reveal(), info, out.writable());
  return out;
}

}  // namespace wzp::crypto
