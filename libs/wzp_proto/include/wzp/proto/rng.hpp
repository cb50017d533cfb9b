/// \file
/// Randomness as an argument.
#pragma once

#include <cstdint>

#include "wzp/proto/bytes.hpp"

namespace wzp {

/// A source of random bytes. Programs pass wzp::crypto::system_rng(); simulations pass a SeededRng.
/// Few and small on purpose, so that tests may implement it.
class Rng {
 public:
  virtual ~Rng() = default;
  /// Fills all of `out`. Never fails: a source that can't deliver stops the program.
  virtual void fill(MutableBytes out) = 0;

  /// Uniform over all 64-bit values.
  [[nodiscard]] std::uint64_t next_u64() {
    std::array<std::byte, 8> raw{};
    fill(raw);
    return ByteReader(raw).u64();
  }
  /// Uniform in [0, 1).
  [[nodiscard]] double next_unit() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }
};

/// A reproducible generator (SplitMix64) for simulations and impairments. Not for keys.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed) noexcept : state_(seed) {}

  void fill(MutableBytes out) override {
    for (std::size_t i = 0; i < out.size();) {
      std::uint64_t word = next();
      for (int k = 0; k < 8 && i < out.size(); ++k, ++i, word >>= 8) {
        out[i] = static_cast<std::byte>(word & 0xff);
      }
    }
  }

 private:
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace wzp
