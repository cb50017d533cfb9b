#include "sinc_filter.hpp"

#include <algorithm>
#include <stdexcept>

#include "saturate.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::codec {
namespace {

int converter(ResamplerQuality quality) noexcept {
  switch (quality) {
    case ResamplerQuality::kFast:
      return SRC_SINC_FASTEST;
    case ResamplerQuality::kMedium:
      return SRC_SINC_MEDIUM_QUALITY;
    case ResamplerQuality::kBest:
      return SRC_SINC_BEST_QUALITY;
  }
  return SRC_SINC_MEDIUM_QUALITY;
}

}  // namespace

SincFilter::SincFilter(std::uint32_t input_hz, std::uint32_t output_hz, ResamplerQuality quality)
    : ratio_(static_cast<double>(output_hz) / input_hz) {
  int error = 0;
  state_.reset(src_new(converter(quality), 1, &error));
  if (!state_) throw std::runtime_error(src_strerror(error));
  reset();
}

void SincFilter::reset() noexcept {
  src_reset(state_.get());
  src_set_ratio(state_.get(), ratio_);
}

SincFilter::Progress SincFilter::process(std::span<const float> in, std::span<float> out,
                                         bool end) noexcept {
  SRC_DATA data{};
  data.data_in = in.data();
  data.input_frames = static_cast<long>(in.size());
  data.data_out = out.data();
  data.output_frames = static_cast<long>(out.size());
  data.src_ratio = ratio_;
  data.end_of_input = end ? 1 : 0;
  const int error = src_process(state_.get(), &data);
  WZP_ASSERT(error == 0);
  if (error != 0) return {};
  return {static_cast<std::size_t>(data.input_frames_used),
          static_cast<std::size_t>(data.output_frames_gen)};
}

FrameRateConverter::FrameRateConverter(std::uint32_t input_hz, std::uint32_t output_hz)
    : filter_(input_hz, output_hz, ResamplerQuality::kMedium),
      look_ahead_(input_hz / 100),
      reserve_(output_hz / 8000) {
  prime();
}

void FrameRateConverter::reset() noexcept {
  filter_.reset();
  queued_ = 0;
  prime();
}

// The filter holds back what it needs to see ahead. It is given more silence than that, what comes
// out is dropped, and from then on each frame gives a whole frame. One 8 kHz period of silence
// stays in hand, so that a position rounded the other way inside the filter can't make a frame
// short.
void FrameRateConverter::prime() noexcept {
  constexpr std::array<float, 480> kSilence{};
  run_filter(std::span(kSilence).first(look_ahead_));
  queued_ = reserve_;
  std::fill_n(queue_.begin(), queued_, 0.0F);
}

void FrameRateConverter::run_filter(std::span<const float> in) noexcept {
  const auto step = filter_.process(in, std::span(queue_).subspan(queued_), false);
  WZP_ASSERT(step.consumed == in.size() && queued_ + step.produced < queue_.size());
  queued_ += step.produced;
}

void FrameRateConverter::process(PcmView in, MutablePcm out) noexcept {
  std::array<float, 960> samples;
  WZP_ASSERT(in.size() <= samples.size());
  std::copy(in.begin(), in.end(), samples.begin());
  run_filter(std::span(samples).first(in.size()));
  WZP_ASSERT(queued_ >= out.size());
  const std::size_t n = std::min(queued_, out.size());
  std::transform(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(n), out.begin(),
                 [](float x) { return saturate(x); });
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(n), out.end(), std::int16_t{0});
  std::copy(queue_.begin() + static_cast<std::ptrdiff_t>(n),
            queue_.begin() + static_cast<std::ptrdiff_t>(queued_), queue_.begin());
  queued_ -= n;
}

}  // namespace wzp::codec
