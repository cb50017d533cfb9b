#include "wzp/codec/resampler.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "saturate.hpp"
#include "sinc_filter.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::codec {
namespace {

constexpr std::uint32_t kLowestRate = 8000;
constexpr std::uint32_t kHighestRate = 192000;

void check_rates(std::uint32_t input_hz, std::uint32_t output_hz) {
  const auto [low, high] = std::minmax(input_hz, output_hz);
  if (low >= kLowestRate && high <= kHighestRate && high <= 12 * low) return;
  throw std::invalid_argument("resampling from " + std::to_string(input_hz) + " Hz to " +
                              std::to_string(output_hz) +
                              " Hz: rates must be 8000-192000 Hz, at most a factor 12 apart");
}

}  // namespace

struct Resampler::Impl {
  Impl(std::uint32_t in_hz, std::uint32_t out_hz, ResamplerQuality quality)
      : filter(in_hz, out_hz, quality), input_hz(in_hz), output_hz(out_hz) {}

  // Filters what waits in `input` into out; returns the samples written.
  std::size_t filter_into(std::span<float> out) noexcept {
    const auto step = filter.process(std::span(input).first(waiting), out, finished);
    std::copy(input.begin() + static_cast<std::ptrdiff_t>(step.consumed),
              input.begin() + static_cast<std::ptrdiff_t>(waiting), input.begin());
    waiting -= step.consumed;
    return step.produced;
  }
  [[nodiscard]] std::uint64_t samples_due() const noexcept {
    return (pushed * output_hz + input_hz - 1) / input_hz;
  }

  SincFilter filter;
  std::uint32_t input_hz;
  std::uint32_t output_hz;
  std::array<float, 2048> input{};
  std::size_t waiting = 0;
  std::uint64_t pushed = 0;
  std::uint64_t taken = 0;
  bool finished = false;
};

Resampler::Resampler(std::uint32_t input_hz, std::uint32_t output_hz, ResamplerQuality quality) {
  check_rates(input_hz, output_hz);
  impl_ = std::make_unique<Impl>(input_hz, output_hz, quality);
}
Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

std::size_t Resampler::push(PcmView in) noexcept {
  WZP_ASSERT(!impl_->finished);
  const std::size_t n = std::min(in.size(), impl_->input.size() - impl_->waiting);
  std::copy_n(in.begin(), n, impl_->input.begin() + static_cast<std::ptrdiff_t>(impl_->waiting));
  impl_->waiting += n;
  impl_->pushed += n;
  return n;
}

std::size_t Resampler::take(MutablePcm out) noexcept {
  std::array<float, 512> block;
  std::size_t written = 0;
  while (written < out.size()) {
    std::size_t room = std::min(block.size(), out.size() - written);
    if (impl_->finished) {
      room = std::min<std::uint64_t>(room, impl_->samples_due() - impl_->taken);
    }
    if (room == 0) break;
    std::size_t n = impl_->filter_into(std::span(block).first(room));
    if (n == 0) {
      if (!impl_->finished) break;
      // The filter ends a sample early where its position rounds that way.
      block.fill(0.0F);
      n = room;
    }
    for (std::size_t i = 0; i < n; ++i) out[written + i] = saturate(block[i]);
    written += n;
    impl_->taken += n;
  }
  return written;
}

void Resampler::finish() noexcept { impl_->finished = true; }

void Resampler::reset() noexcept {
  impl_->filter.reset();
  impl_->waiting = 0;
  impl_->pushed = 0;
  impl_->taken = 0;
  impl_->finished = false;
}

}  // namespace wzp::codec
