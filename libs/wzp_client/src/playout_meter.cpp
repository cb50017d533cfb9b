#include "playout_meter.hpp"

#include <algorithm>
#include <cstdlib>

namespace wzp::client {
namespace {

constexpr double kFullScale = 32767;

}  // namespace

void PlayoutMeter::add(PlayoutOrigin origin, PcmView pcm) noexcept {
  const bool conceals = origin == PlayoutOrigin::kConcealed;
  if (conceals && !concealing_) ++concealment_events_;
  concealing_ = conceals;
  double sum = 0;
  int peak = 0;
  for (const std::int16_t s : pcm) {
    sum += static_cast<double>(s) * s;
    peak = std::max(peak, std::abs(static_cast<int>(s)));
  }
  level_ = std::min(1.0, peak / kFullScale);
  energy_ += sum / (kFullScale * kFullScale) / kSampleRateHz;
}

void PlayoutMeter::add_to(ReceiveStatistics& out) const noexcept {
  out.concealment_events += concealment_events_;
  out.audio_level = level_;
  out.total_audio_energy += energy_;
}

}  // namespace wzp::client
