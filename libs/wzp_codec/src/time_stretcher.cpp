#include "wzp/codec/time_stretcher.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pitch_search.hpp"
#include "saturate.hpp"

namespace wzp::codec {
namespace {

constexpr std::size_t kShortestFrame = samples_in(std::chrono::milliseconds(10));
constexpr std::size_t kWindow = samples_in(std::chrono::milliseconds(10));
constexpr std::size_t kLeastAhead = samples_in(std::chrono::milliseconds(5));
constexpr double kLikeEnough = 0.9;
constexpr float kSilence = 33.0F * 33.0F;   // -60 dBFS, mean square
constexpr float kPauseBelowSpeech = 1e-4F;  // -40 dB
constexpr float kForgetLoudness = 0.998F;   // per frame

constexpr std::size_t kMost = TimeStretcher::kLongestLag + kMaxPacketSamples;

float mean_square(PcmView pcm) noexcept {
  double sum = 0;
  for (const std::int16_t s : pcm) sum += static_cast<double>(s) * s;
  return static_cast<float>(sum / static_cast<double>(pcm.size()));
}

// Fades from one run into another: straight where they are alike, with constant power in noise.
void overlap(PcmView from, PcmView to, bool alike, MutablePcm out) noexcept {
  const auto n = static_cast<float>(out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float t = (static_cast<float>(i) + 0.5F) / n;
    const float down = alike ? 1 - t : std::sqrt(1 - t);
    const float up = alike ? t : std::sqrt(t);
    out[i] = saturate(static_cast<float>(from[i]) * down + static_cast<float>(to[i]) * up);
  }
}

MutablePcm append(PcmView what, MutablePcm room) noexcept {
  std::copy(what.begin(), what.end(), room.begin());
  return room.subspan(what.size());
}

}  // namespace

// The pitch period at `at` within past and frame: looking back from there to stretch, forward to
// shorten.
TimeStretcher::Splice TimeStretcher::find_period(PcmView signal, std::span<const float> coarse,
                                                 std::size_t at, Direction direction) noexcept {
  const std::size_t ahead = signal.size() - at;
  const bool back = direction == Direction::kBack;
  const std::size_t longest = back ? kLongestLag : std::min(kLongestLag, ahead / 2);
  const std::size_t window = std::min(kWindow, back ? ahead : ahead - longest);
  const PitchMatch found = find_pitch(signal, coarse, window, {kShortestLag, longest},
                                      [=](std::size_t lag) { return back ? at - lag : at; });
  if (found.likeness > kLikeEnough) return {at, found.lag, true};
  return {};
}

// Tried each 5 ms of the frame, as long as what follows is enough to compare.
TimeStretcher::Splice TimeStretcher::find_splice(PcmView signal, Direction direction) noexcept {
  std::array<float, kMost / kCoarseStep> coarse;
  const std::size_t n = decimate(signal, coarse);
  for (std::size_t at = kLongestLag; at + 2 * kLeastAhead <= signal.size(); at += kLeastAhead) {
    const Splice found = find_period(signal, std::span(coarse).first(n), at, direction);
    if (found.lag != 0) return found;
  }
  return {};
}

bool TimeStretcher::is_pause(PcmView frame) noexcept {
  const float energy = mean_square(frame);
  loudest_ = std::max(energy, loudest_ * kForgetLoudness);
  return energy < kSilence || energy < loudest_ * kPauseBelowSpeech;
}

Stretched TimeStretcher::process(StretchMode mode, PcmView frame, MutablePcm out) noexcept {
  const std::size_t n = std::min(frame.size(), out.size());
  const bool pause = n != 0 && is_pause(frame);
  const bool possible = frame.size() >= kShortestFrame && frame.size() <= kMaxPacketSamples &&
                        out.size() >= frame.size() + kLongestLag;
  if (mode == StretchMode::kNone || !possible) {
    append(frame.first(n), out);
    remember(out.first(n));
    return {n, 0};
  }
  std::array<std::int16_t, kMost> joined;
  append(frame, append(past_, joined));
  const PcmView signal = PcmView(joined).first(kLongestLag + frame.size());
  const auto direction = mode == StretchMode::kExpand ? Direction::kBack : Direction::kForward;
  Splice splice = find_splice(signal, direction);
  if (splice.lag == 0 && pause) {
    splice = {kLongestLag, std::min(kLongestLag, frame.size() / 2), false};
  }
  const Stretched done =
      direction == Direction::kBack ? expand(signal, splice, out) : accelerate(signal, splice, out);
  remember(out.first(done.samples));
  return done;
}

// Two periods become one.
Stretched TimeStretcher::accelerate(PcmView signal, Splice splice, MutablePcm out) noexcept {
  const std::size_t lag = splice.lag;
  const PcmView before = signal.subspan(kLongestLag, splice.at - kLongestLag);
  const MutablePcm rest = append(before, out);
  overlap(signal.subspan(splice.at, lag), signal.subspan(splice.at + lag, lag), splice.alike,
          rest.first(lag));
  append(signal.subspan(splice.at + 2 * lag), rest.subspan(lag));
  return {signal.size() - kLongestLag - lag, -static_cast<std::ptrdiff_t>(lag)};
}

// The period before the splice is played again, blended out of what follows.
Stretched TimeStretcher::expand(PcmView signal, Splice splice, MutablePcm out) noexcept {
  const std::size_t lag = splice.lag;
  const PcmView before = signal.subspan(kLongestLag, splice.at - kLongestLag);
  const MutablePcm rest = append(before, out);
  overlap(signal.subspan(splice.at, lag), signal.subspan(splice.at - lag, lag), splice.alike,
          rest.first(lag));
  append(signal.subspan(splice.at), rest.subspan(lag));
  return {signal.size() - kLongestLag + lag, static_cast<std::ptrdiff_t>(lag)};
}

void TimeStretcher::remember(PcmView played) noexcept {
  const std::size_t n = std::min(played.size(), past_.size());
  std::memmove(past_.data(), past_.data() + n, (past_.size() - n) * sizeof(past_[0]));
  append(played.last(n), MutablePcm(past_).last(n));
}

void TimeStretcher::reset() noexcept {
  past_.fill(0);
  loudest_ = 0;
}

}  // namespace wzp::codec
