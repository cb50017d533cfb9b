// The media keys of one step, one for each packet layout.
#pragma once

#include <array>
#include <chrono>

#include "wzp/crypto/e2e_sender_key.hpp"

namespace wzp::crypto::e2e {

struct LayoutKeys {
  std::array<NumberedKey, 3> keys;

  [[nodiscard]] static LayoutKeys derive(const Secret<32>& secret, const IdentityKey& sender,
                                         const InstanceId& instance, KeyStep at) {
    return {{media_key(secret, Layout::kPlain, sender, instance, at),
             media_key(secret, Layout::kMedia, sender, instance, at),
             media_key(secret, Layout::kControl, sender, instance, at)}};
  }
  [[nodiscard]] const NumberedKey& of(Layout layout) const noexcept {
    return keys[static_cast<std::size_t>(layout) - 1];
  }
};

/// How long media keys of an earlier step or generation are kept for late packets.
inline constexpr std::chrono::seconds kOldMediaKeys{2};

}  // namespace wzp::crypto::e2e
