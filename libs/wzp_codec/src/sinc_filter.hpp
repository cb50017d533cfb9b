// The two shapes in which libsamplerate is used here: as it is (SincFilter), and with a fixed whole
// ratio where every input frame must give its output frame at once (FrameRateConverter).
#pragma once

#include <samplerate.h>

#include <array>
#include <cstdint>
#include <memory>

#include "wzp/codec/pcm.hpp"
#include "wzp/codec/resampler.hpp"

namespace wzp::codec {

struct SrcDelete {
  void operator()(SRC_STATE* state) const noexcept { src_delete(state); }
};

// One step of the filter: consumes and produces what the two spans allow.
class SincFilter {
 public:
  SincFilter(std::uint32_t input_hz, std::uint32_t output_hz, ResamplerQuality quality);

  struct Progress {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };
  Progress process(std::span<const float> in, std::span<float> out, bool end) noexcept;
  void reset() noexcept;

 private:
  std::unique_ptr<SRC_STATE, SrcDelete> state_;
  double ratio_;
};

// 48 kHz to 8 kHz or back: a frame of n samples always gives exactly n / 6 or n * 6 samples. The
// price is a constant delay, see delay().
class FrameRateConverter {
 public:
  FrameRateConverter(std::uint32_t input_hz, std::uint32_t output_hz);

  // Requires: out.size() is in.size() times the ratio; in.size() at most 960.
  void process(PcmView in, MutablePcm out) noexcept;
  // Forgets the past, as if silence had come before.
  void reset() noexcept;

 private:
  void prime() noexcept;
  void run_filter(std::span<const float> in) noexcept;

  SincFilter filter_;
  std::size_t look_ahead_;
  std::size_t reserve_;
  std::array<float, 2048> queue_{};  // filter output not yet handed out; a few samples at rest
  std::size_t queued_ = 0;
};

// Of either direction, to 0.1 ms: the filter's look-ahead at 8 kHz plus one sample kept in hand.
inline constexpr std::chrono::microseconds kFrameRateConverterDelay{5900};

}  // namespace wzp::codec
