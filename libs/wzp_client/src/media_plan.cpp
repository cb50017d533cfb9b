#include "wzp/client/media_plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace wzp::client {
namespace {

using proto::CodecId;
using std::chrono::milliseconds;

constexpr std::size_t kIpUdpBytes = 28;
// First byte, the relay's connection id (6), packet number, DATAGRAM type and length, tag (16).
constexpr std::size_t kQuicBytes = 26;
constexpr std::size_t kMedia2HeaderBytes = 4;
constexpr std::size_t kMediaTagBytes = 8;
// Shape, time and copy mask.
constexpr std::size_t kPayloadFieldBytes = 3;

constexpr std::uint32_t kMinOpusBps = 6000;
constexpr std::uint32_t kMaxOpusBps = 128'000;
constexpr std::uint32_t kRateStep = 100;
// Below this nothing is repeated: single losses are concealed well, and copies cost delay.
constexpr double kLossWorthCopies = 0.3;

bool is_opus(CodecId codec) noexcept {
  return codec == CodecId::kOpus24k || codec == CodecId::kOpus16k || codec == CodecId::kOpus6k;
}

double in_ms(Duration d) noexcept { return std::chrono::duration<double, std::milli>(d).count(); }

std::uint32_t rate_of(const MediaPlan& plan) noexcept {
  return is_opus(plan.codec) ? plan.codec_bps : proto::traits(plan.codec).bits_per_second;
}

// -- impairment -----------------------------------------------------------------------------------

struct RateQuality {
  double bps;
  double impairment;
};
// Of Opus without loss, wideband at most below 20 kbit/s: 200 points per ESTOI of 1, and 7 for what
// ESTOI does not hear, that libopus codes narrowband below about 9.7 kbit/s.
constexpr RateQuality kOpusQuality[] = {{6000, 36}, {7800, 25}, {9600, 19}, {9800, 11}, {12000, 9},
                                        {14000, 7}, {16000, 5}, {23000, 2}, {40000, 0}};
constexpr double kCodec2At3200Impairment = 55;
constexpr double kCodec2At1200Impairment = 72;

double codec_impairment(CodecId codec, double bps) noexcept {
  if (codec == CodecId::kCodec2_3200) return kCodec2At3200Impairment;
  if (codec == CodecId::kCodec2_1200) return kCodec2At1200Impairment;
  const RateQuality* high = std::begin(kOpusQuality);
  while (high + 1 != std::end(kOpusQuality) && high->bps < bps) ++high;
  if (high == std::begin(kOpusQuality)) return high->impairment;
  const RateQuality& low = high[-1];
  const double share = std::min((bps - low.bps) / (high->bps - low.bps), 1.0);
  return low.impairment + share * (high->impairment - low.impairment);
}

// Unlike ITU-T G.107's, this does not level off: of two plans under heavy loss the one that saves
// more is better, whatever its codec. ESTOI alone would ask for 2 points per percent, whatever the
// length of the pieces; but concealment is heard before it is misunderstood.
double loss_impairment(double loss_percent) noexcept { return 15.0 * std::pow(loss_percent, 0.85); }

// ITU-T G.107, impairment by pure delay.
double delay_impairment(double ms) noexcept {
  if (ms <= 100) return 0;
  const double x = std::log2(ms / 100.0);
  const double sixth = 1.0 / 6.0;
  return 25.0 *
         (std::pow(1 + std::pow(x, 6), sixth) - 3 * std::pow(1 + std::pow(x / 3, 6), sixth) + 2);
}

// -- candidates -----------------------------------------------------------------------------------

struct Packing {
  CodecId codec;
  std::uint8_t frame_ms;
  std::uint8_t frames_per_packet;
};
constexpr Packing kPackings[] = {
    {CodecId::kOpus24k, 20, 1},     {CodecId::kOpus24k, 40, 1},     {CodecId::kOpus24k, 60, 1},
    {CodecId::kOpus24k, 60, 2},     {CodecId::kCodec2_3200, 20, 3}, {CodecId::kCodec2_3200, 20, 6},
    {CodecId::kCodec2_1200, 40, 1}, {CodecId::kCodec2_1200, 40, 2}, {CodecId::kCodec2_1200, 40, 3},
};
constexpr CopyOffsets kCopySets[] = {
    {{}, 0},        {{1}, 1},       {{2}, 1},          {{3}, 1},
    {{1, 2}, 2},    {{1, 3}, 2},    {{2, 3}, 2},       {{2, 4}, 2},
    {{2, 5}, 2},    {{3, 6}, 2},    {{1, 2, 3}, 3},    {{1, 2, 4}, 3},
    {{1, 3, 5}, 3}, {{2, 4, 6}, 3}, {{1, 2, 3, 4}, 4}, {{1, 2, 4, 6}, 4},
};

double rate_limit(const CopyOffsets& copies, const PathEstimate& path,
                  const PlanLimits& limits) noexcept {
  const double cap = copies.count == 0 ? limits.max_kbps_clean : limits.max_kbps;
  return path.available_kbps > 0 ? std::min(cap, path.available_kbps) : cap;
}

/// The best codec rate that fits; nothing if none does.
std::optional<std::uint32_t> fitting_rate(MediaPlan plan, double limit_kbps,
                                          std::uint32_t most) noexcept {
  if (!is_opus(plan.codec)) {
    plan.codec_bps = rate_of(plan);
    return wire_kbps(plan) <= limit_kbps ? std::optional(plan.codec_bps) : std::nullopt;
  }
  const double ms = static_cast<double>(plan.packet_time().count());
  const double room = limit_kbps * ms / 8.0 - static_cast<double>(overhead_bytes(plan));
  const double bps = room * 8000.0 / ms / (1 + plan.copies.count);
  if (bps < kMinOpusBps) return std::nullopt;
  return std::min(static_cast<std::uint32_t>(bps) / kRateStep * kRateStep, most);
}

bool within_delay(const MediaPlan& plan, const PlanLimits& limits) noexcept {
  const Duration limit =
      plan.copies.count == 0 ? limits.max_added_delay_clean : limits.max_added_delay;
  return added_delay(plan) <= limit;
}

/// Where rate is short, longer packets may pay for it in delay; the impairment weighs that.
PlanLimits relaxed(PlanLimits limits, const PathEstimate& path) noexcept {
  if (path.available_kbps <= 0 || path.available_kbps >= limits.max_kbps_clean) return limits;
  const PlanLimits rescue = limits_of(MediaProfile::kRescue);
  limits.max_added_delay = std::max(limits.max_added_delay, rescue.max_added_delay);
  limits.max_added_delay_clean =
      std::max(limits.max_added_delay_clean, rescue.max_added_delay_clean);
  return limits;
}

MediaPlan cheapest_plan() noexcept {
  MediaPlan plan;
  plan.codec = CodecId::kCodec2_1200;
  plan.codec_bps = rate_of(plan);
  plan.frame_ms = 40;
  plan.frames_per_packet = 3;
  return plan;
}

bool has_packet_time(CodecId codec, int ms) noexcept {
  if (codec == CodecId::kCodec2_1200) return ms == 40 || ms == 80 || ms == 120;
  return ms == 20 || ms == 40 || ms == 60 || ms == 120;
}

bool are_ascending(std::span<const std::uint8_t> offsets) noexcept {
  std::uint8_t before = 0;
  for (const std::uint8_t offset : offsets) {
    if (offset <= before || offset > CopyOffsets::kFarthest) return false;
    before = offset;
  }
  return true;
}

}  // namespace

bool is_valid(const MediaPlan& plan) noexcept {
  if (plan.codec == CodecId::kComfortNoise) return false;
  if (plan.frame_ms != 20 && plan.frame_ms != 40 && plan.frame_ms != 60) return false;
  if (!has_packet_time(plan.codec, static_cast<int>(plan.packet_time().count()))) return false;
  const std::uint32_t rate = plan.codec_bps;
  if (is_opus(plan.codec) ? rate < kMinOpusBps || rate > kMaxOpusBps : rate != rate_of(plan)) {
    return false;
  }
  return plan.copies.count <= CopyOffsets::kMost && are_ascending(plan.copies.view());
}

std::string_view name(MediaProfile profile) noexcept {
  if (profile == MediaProfile::kGood) return "Good";
  return profile == MediaProfile::kDegraded ? "Degraded" : "Rescue";
}

PlanLimits limits_of(MediaProfile profile) noexcept {
  switch (profile) {
    case MediaProfile::kGood:
      break;
    case MediaProfile::kDegraded:
      return {17, 33, milliseconds(60), milliseconds(180), 9000};
    case MediaProfile::kRescue:
      return {6, 8.3, milliseconds(120), milliseconds(400), 8000};
  }
  return {};
}

std::size_t overhead_bytes(const MediaPlan& plan) noexcept {
  const std::size_t lengths = is_opus(plan.codec) ? plan.copies.count : 0;
  return kIpUdpBytes + kQuicBytes + kMedia2HeaderBytes + kMediaTagBytes + kPayloadFieldBytes +
         lengths;
}

double wire_kbps(const MediaPlan& plan) noexcept {
  const double ms = static_cast<double>(plan.packet_time().count());
  const double unit = rate_of(plan) * ms / 8000.0;
  return (static_cast<double>(overhead_bytes(plan)) + unit * (1 + plan.copies.count)) * 8.0 / ms;
}

Duration added_delay(const MediaPlan& plan) noexcept {
  return plan.packet_time() * (1 + plan.copies.span_packets());
}

double residual_loss_percent(const MediaPlan& plan, const PathEstimate& path) noexcept {
  const double loss = std::clamp(path.loss_percent / 100.0, 0.0, 0.99);
  if (loss <= 0) return 0;
  const double burst = std::max(path.mean_burst_packets, 1.0 / (1.0 - loss));
  // How much a packet's loss says about the one packet_interval later.
  const double memory = (1.0 - 1.0 / burst - loss) / (1.0 - loss);
  const double interval = std::max(in_ms(path.packet_interval), 1.0);
  double residual = loss;
  std::uint8_t before = 0;
  for (const std::uint8_t offset : plan.copies.view()) {
    const double apart = static_cast<double>((offset - before) * plan.packet_time().count());
    const double correlation = memory > 0 ? std::pow(memory, apart / interval) : 0;
    residual *= loss + (1.0 - loss) * correlation;
    before = offset;
  }
  return residual * 100.0;
}

double impairment(const HeardSpeech& heard) noexcept {
  return codec_impairment(heard.codec, heard.codec_bps) + loss_impairment(heard.lost_percent) +
         delay_impairment(in_ms(heard.delay));
}

double impairment(const MediaPlan& plan, const PathEstimate& path) noexcept {
  HeardSpeech heard{plan.codec, plan.codec_bps, residual_loss_percent(plan, path)};
  heard.delay = path.rtt / 2 + 3 * path.jitter + added_delay(plan);
  return impairment(heard);
}

MediaPlan plan_media(const PathEstimate& path, const PlanLimits& wanted) noexcept {
  const PlanLimits limits = relaxed(wanted, path);
  MediaPlan best = cheapest_plan();
  double least = std::numeric_limits<double>::max();
  for (const Packing& packing : kPackings) {
    for (const CopyOffsets& copies : kCopySets) {
      MediaPlan plan{packing.codec, 0, packing.frame_ms, packing.frames_per_packet, copies};
      if (copies.count != 0 && path.loss_percent < kLossWorthCopies) continue;
      if (!within_delay(plan, limits)) continue;
      const auto rate = fitting_rate(plan, rate_limit(copies, path, limits), limits.max_codec_bps);
      if (!rate) continue;
      plan.codec_bps = *rate;
      const double cost = impairment(plan, path);
      if (cost >= least) continue;
      least = cost;
      best = plan;
    }
  }
  return best;
}

}  // namespace wzp::client
