// Collects values for a hash over an object's state.
#pragma once

#include <concepts>
#include <type_traits>
#include <vector>

#include "wzp/crypto/hash.hpp"

namespace wzp::crypto::e2e {

class Digest {
 public:
  ~Digest() { wipe(bytes_); }
  void add(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void add(std::integral auto value) {
    const auto wide = static_cast<std::uint64_t>(value);
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes_.push_back(static_cast<std::byte>(wide >> shift));
    }
  }
  [[nodiscard]] Sha256Hash finish() const { return sha256({bytes_}); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace wzp::crypto::e2e
