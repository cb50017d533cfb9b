// A small real-input Fourier transform for analysis; sizes are powers of two.
#pragma once

#include <complex>
#include <span>
#include <vector>

namespace wzp::codec {

class Fourier {
 public:
  // Requires: size is a power of two, at least 4.
  explicit Fourier(std::size_t size);

  [[nodiscard]] std::size_t size() const noexcept { return work_.size(); }
  [[nodiscard]] std::size_t bins() const noexcept { return work_.size() / 2 + 1; }

  // The first bins() components of `in`, zero-padded to size(). Requires: spectrum.size() ==
  // bins().
  void forward(std::span<const float> in, std::span<std::complex<float>> spectrum) noexcept;
  // The signal whose components these are. Requires: sizes bins() and size().
  void inverse(std::span<const std::complex<float>> spectrum, std::span<float> out) noexcept;

 private:
  void transform() noexcept;

  std::vector<std::complex<float>> work_;
  std::vector<std::complex<float>> roots_;
  std::vector<std::size_t> reversed_;
};

}  // namespace wzp::codec
