/// \file
/// The operating system's random bytes as an Rng.
#pragma once

#include "wzp/crypto/export.hpp"
#include "wzp/proto/rng.hpp"

namespace wzp::crypto {

/// For every key, nonce and id of a running program. Lives as long as the program; may be used by
/// several threads at once. If the system can't deliver, the program stops.
[[nodiscard]] WZP_CRYPTO_EXPORT Rng& system_rng() noexcept;

}  // namespace wzp::crypto
