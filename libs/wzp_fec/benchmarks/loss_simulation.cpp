#include "loss_simulation.hpp"

#include <algorithm>
#include <array>

#include "wzp/fec/frame_block_decoder.hpp"
#include "wzp/fec/frame_block_encoder.hpp"

namespace wzp::fec::bench {
namespace {

constexpr std::size_t kFrameBytes = 60;

// The bytes tell the frame's number.
std::array<std::byte, kFrameBytes> frame_bytes(std::uint64_t number) {
  std::array<std::byte, kFrameBytes> out{};
  SeededRng(number).fill(out);
  return out;
}

class Run {
 public:
  Run(const Profile& profile, Channel channel)
      : profile_(profile),
        channel_(std::move(channel)),
        sender_(std::move(*FrameBlockEncoder::create({.layout = profile.layout}))),
        receiver_(std::move(*FrameBlockDecoder::create())),
        layout_{profile.layout.frames_per_block, profile.frame_duration} {
    outcome_.recovered_after.resize(profile.layout.frames_per_block + 1U);
  }

  void send_frame() {
    const auto bytes = frame_bytes(outcome_.frames);
    const auto place = sender_.add_frame(bytes);
    const MediaTime32 time = media_time(outcome_.frames);
    const bool is_lost = channel_.loses_next();
    if (is_lost) {
      ++outcome_.lost;
    } else {
      count(receiver_.add_source({place->block, place->symbol, time, bytes}, layout_, now()));
    }
    ++outcome_.frames;
    for (std::size_t i = 0; i < sender_.repair_count(); ++i) {
      const RepairSymbol r = sender_.repair(i);
      if (channel_.loses_next()) continue;
      count(receiver_.add_repair({r.block, r.esi, r.hint, media_time(outcome_.frames), r.payload},
                                 layout_, now()));
    }
  }
  const Outcome& outcome() const { return outcome_; }

 private:
  MediaTime32 media_time(std::uint64_t frame) const {
    return MediaTime32(static_cast<std::uint32_t>(
        frame * static_cast<std::uint64_t>(profile_.frame_duration.count())));
  }
  Instant now() const { return Instant(profile_.frame_duration * outcome_.frames); }

  // A packet is there as soon as its last frame has been captured.
  void count(const Result<FrameBlockDecoder::Recovered>& result) {
    if (!result) return;
    const MediaTime32 present = media_time(outcome_.frames);
    for (const RecoveredFrame& f : *result) {
      const auto late = present.distance_from(f.media_time) / profile_.frame_duration.count();
      ++outcome_.recovered_after[static_cast<std::size_t>(late)];
      const std::uint64_t number = outcome_.frames - static_cast<std::uint64_t>(late);
      if (!std::ranges::equal(f.frame, frame_bytes(number))) ++outcome_.wrong;
    }
  }

  const Profile& profile_;
  Channel channel_;
  FrameBlockEncoder sender_;
  FrameBlockDecoder receiver_;
  ReceivedLayout layout_;
  Outcome outcome_;
};

}  // namespace

std::vector<Profile> profiles() {
  const auto make = [](const char* name, const proto::QualityProfile& p) {
    return Profile{name, layout_of(p, SymbolPolicy::kFitBlock), p.frame_duration()};
  };
  return {make("GOOD 5+1", proto::kProfileGood), make("DEGRADED 10+5", proto::kProfileDegraded),
          make("CATASTROPHIC 8+8", proto::kProfileCatastrophic)};
}

Channel::Channel(double loss, double mean_burst, std::uint64_t seed)
    : to_bad_(loss >= 1.0 ? 1.0 : loss / (mean_burst * (1.0 - loss))),
      to_good_(1.0 / mean_burst),
      loss_(loss),
      independent_(mean_burst <= 1.0),
      bad_(false),
      rng_(seed) {
  bad_ = rng_.next_unit() < loss;
}

bool Channel::loses_next() {
  if (independent_) return rng_.next_unit() < loss_;
  const bool lost = bad_;
  if (rng_.next_unit() < (bad_ ? to_good_ : to_bad_)) bad_ = !bad_;
  return lost;
}

double Outcome::residual(std::uint64_t frame_durations) const {
  std::uint64_t in_time = 0;
  for (std::size_t i = 0; i < recovered_after.size() && i <= frame_durations; ++i) {
    in_time += recovered_after[i];
  }
  return static_cast<double>(lost - in_time) / static_cast<double>(frames);
}

Outcome simulate(const Profile& profile, Channel channel, std::uint64_t frames) {
  Run run(profile, std::move(channel));
  for (std::uint64_t i = 0; i < frames; ++i) run.send_frame();
  return run.outcome();
}

}  // namespace wzp::fec::bench
