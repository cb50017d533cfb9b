#include "fourier.hpp"

#include <algorithm>
#include <bit>
#include <numbers>

#include "wzp/proto/assert.hpp"

namespace wzp::codec {

Fourier::Fourier(std::size_t size) : work_(size), roots_(size / 2), reversed_(size) {
  WZP_ASSERT(size >= 4 && std::has_single_bit(size));
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    const double angle = -2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size);
    roots_[i] = std::complex<float>(std::polar(1.0, angle));
  }
  for (std::size_t i = 1; i < size; ++i) {
    reversed_[i] = (reversed_[i / 2] / 2) | ((i & 1) * size / 2);
  }
}

// Decimation in time, iterative: work_ is in bit-reversed order at the start.
void Fourier::transform() noexcept {
  const std::size_t n = work_.size();
  for (std::size_t half = 1; half < n; half *= 2) {
    const std::size_t stride = n / (2 * half);
    for (std::size_t start = 0; start < n; start += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        std::complex<float>& low = work_[start + k];
        std::complex<float>& high = work_[start + k + half];
        const std::complex<float> w = roots_[k * stride];
        const std::complex<float> turned(high.real() * w.real() - high.imag() * w.imag(),
                                         high.real() * w.imag() + high.imag() * w.real());
        high = low - turned;
        low += turned;
      }
    }
  }
}

void Fourier::forward(std::span<const float> in, std::span<std::complex<float>> spectrum) noexcept {
  WZP_ASSERT(in.size() <= size() && spectrum.size() == bins());
  for (std::size_t i = 0; i < work_.size(); ++i) {
    const std::size_t from = reversed_[i];
    work_[i] = from < in.size() ? in[from] : 0.0F;
  }
  transform();
  std::copy_n(work_.begin(), bins(), spectrum.begin());
}

void Fourier::inverse(std::span<const std::complex<float>> spectrum,
                      std::span<float> out) noexcept {
  WZP_ASSERT(spectrum.size() == bins() && out.size() == size());
  const std::size_t n = size();
  // The forward transform of the conjugate is the conjugate of n times the inverse.
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t bin = reversed_[i];
    work_[i] = bin < bins() ? std::conj(spectrum[bin]) : spectrum[n - bin];
  }
  transform();
  for (std::size_t i = 0; i < n; ++i) out[i] = work_[i].real() / static_cast<float>(n);
}

}  // namespace wzp::codec
