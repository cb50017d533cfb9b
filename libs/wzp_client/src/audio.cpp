#include "wzp/client/audio.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace wzp::client {

AudioSource::~AudioSource() = default;
AudioSink::~AudioSink() = default;
void AudioSink::play_track(StreamId, PcmView, Instant) {}

bool SilenceSource::read(MutablePcm out) {
  std::fill(out.begin(), out.end(), std::int16_t{0});
  return true;
}

ToneSource::ToneSource(std::chrono::milliseconds length, double frequency_hz)
    : step_(2.0 * std::numbers::pi * frequency_hz / kSampleRateHz),
      end_(static_cast<std::uint64_t>(length.count()) * kSampleRateHz / 1000) {}

bool ToneSource::read(MutablePcm out) {
  if (position_ >= end_) return false;
  for (std::int16_t& sample : out) {
    sample =
        static_cast<std::int16_t>(16000.0 * std::sin(step_ * static_cast<double>(position_++)));
  }
  return true;
}

PcmSource::PcmSource(std::vector<std::int16_t> samples) : samples_(std::move(samples)) {}

bool PcmSource::read(MutablePcm out) {
  if (position_ >= samples_.size()) return false;
  const std::size_t n = std::min(out.size(), samples_.size() - position_);
  const auto from = samples_.begin() + static_cast<std::ptrdiff_t>(position_);
  std::copy_n(from, n, out.begin());
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(n), out.end(), std::int16_t{0});
  position_ += n;
  return true;
}

void NullSink::play(PcmView, Instant) {}

}  // namespace wzp::client
