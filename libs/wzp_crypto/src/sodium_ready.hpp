// libsodium, initialised before its first use: it then picks the fastest code for this processor.
#pragma once

#include <sodium.h>

#include <cstdlib>

namespace wzp::crypto {

inline void sodium_ready() noexcept {
  static const bool ready = sodium_init() >= 0;
  if (!ready) std::abort();  // No source of randomness: nothing here could be trusted.
}

}  // namespace wzp::crypto
