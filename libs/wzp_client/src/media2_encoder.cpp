#include "wzp/client/media2_encoder.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "speech_input.hpp"
#include "unit_history.hpp"
#include "wzp/codec/audio_encoder.hpp"
#include "wzp/proto/media2_packet.hpp"

namespace wzp::client {
namespace {

constexpr std::size_t kMostUnitSamples = 6 * kSamplesPerTick;
// An onset's look-back in units of a tick and the tick itself; or a last unit and the packets that
// repeat what is owed.
constexpr std::size_t kMostPackets = 2 + UnitHistory::kPackets;
constexpr std::size_t kMostPayload = 1100;
constexpr std::size_t kPayloadFields = 24;
constexpr std::array<std::int16_t, kSamplesPerTick> kSilence{};
constexpr std::uint32_t kTicksPerComfortPacket = 10;
// The span is announced in so many packets of a new plan, then now and then for late joiners.
constexpr std::uint32_t kFirstAnnouncements = 8;
constexpr std::uint32_t kPacketsPerAnnouncement = 64;

// Below this rate libopus would spend on sound above 8 kHz what speech needs below it: capped, 16
// kbit/s are understood as well as 18 are otherwise (ESTOI 0.966 and 0.958).
constexpr std::uint32_t kFullbandBps = 20'000;

codec::EncoderConfig codec_config(const MediaPlan& plan, std::uint8_t expected_loss,
                                  bool constant_bitrate) {
  codec::EncoderConfig config;
  config.codec = plan.codec;
  config.frame_duration = plan.packet_time();
  config.bits_per_second = plan.codec_bps;
  config.in_band_fec = false;  // copies do better, and LBRR takes its bits from the speech
  config.expected_loss_percent = expected_loss;
  config.constant_bitrate = constant_bitrate;
  config.wideband_at_most = plan.codec_bps < kFullbandBps;
  return config;
}

void require(bool ok, const char* what) {
  if (!ok) throw std::invalid_argument(std::string("wzp::client::Media2Encoder: ") + what);
}

void check(const MediaPlan& plan) { require(is_valid(plan), "no encoder or packet for this plan"); }

codec::AudioEncoder make_codec(const Media2EncoderOptions& options) {
  check(options.plan);
  require(!options.constant_bitrate || !options.silence_suppression,
          "silence suppression would show in a constant bit rate");
  auto encoder =
      codec::AudioEncoder::create(codec_config(options.plan, 0, options.constant_bitrate));
  require(encoder.has_value(), "the codec does not start");
  return std::move(*encoder);
}

/// So that a packet with all its copies fits.
std::size_t most_unit_bytes(const MediaPlan& plan) {
  const std::size_t room = kMostPayload - kPayloadFields - Media2Encoder::kMostSectionBytes;
  return std::min(room / (1 + std::size_t{plan.copies.count}), UnitHistory::kMostBytes);
}

}  // namespace

class Media2Encoder::Impl {
 public:
  explicit Impl(const Media2EncoderOptions& options)
      : plan_(options.plan),
        suppress_silence_(options.silence_suppression),
        constant_bitrate_(options.constant_bitrate),
        codec_(make_codec(options)),
        input_({options.noise_suppression, options.gain_control, options.silence_suppression}) {
    packets_.reserve(kMostPackets);
    arena_.resize(kMostPackets * kMostPayload);
  }

  std::span<const Media2Packet> push(PcmView samples) {
    packets_.clear();
    // What was captured before it was muted is no look-back of what comes after.
    if (std::exchange(is_muted_, false)) silent_ticks_ = 0;
    if (filled_ == 0) apply_pending_plan();
    const SpeechInput::Frame frame = input_.process(samples);
    if (suppress_silence_ && !frame.active && filled_ == 0) {
      pass_silence(frame.noise_level, true);
      return packets_;
    }
    if (frame.onset) send_look_back(frame.look_back);
    silent_ticks_ = 0;
    add_samples(frame.samples);
    return packets_;
  }

  std::span<const Media2Packet> push_muted() {
    packets_.clear();
    if (!std::exchange(is_muted_, true)) silent_ticks_ = 0;
    if (filled_ > 0) {
      add_samples(kSilence);
    } else {
      apply_pending_plan();
      pass_silence(0, false);
    }
    return packets_;
  }

  std::span<const Media2Packet> finish() {
    packets_.clear();
    while (filled_ > 0) add_samples(kSilence);
    for (std::size_t i = 0; i < plan_.copies.span_packets(); ++i) {
      if (copies_are_due()) {
        add_silent_packet(0);
      } else {
        history_.add_silence();
      }
      time_ = time_ + plan_.packet_time().count();
    }
    return packets_;
  }

  void set_plan(const MediaPlan& plan) {
    check(plan);
    pending_plan_ = plan;
    if (filled_ == 0) apply_pending_plan();
  }

  [[nodiscard]] const MediaPlan& plan() const noexcept { return plan_; }

  void set_expected_loss(std::uint8_t percent) noexcept {
    expected_loss_ = std::min<std::uint8_t>(percent, 100);
    codec_.set_expected_loss(expected_loss_);
  }

  bool attach(std::uint8_t type, ByteView value) {
    const std::size_t used = waiting_size_;
    if (type == 0 || type > proto::Media2Sections::kHighestType || value.empty() ||
        used + 2 + value.size() > waiting_.size() || waiting_count_ == kMostWaiting) {
      return false;
    }
    waiting_[used] = static_cast<std::byte>(type);
    waiting_[used + 1] = static_cast<std::byte>(value.size());
    std::copy(value.begin(), value.end(), waiting_.begin() + static_cast<std::ptrdiff_t>(used + 2));
    waiting_size_ = used + 2 + value.size();
    ++waiting_count_;
    return true;
  }

 private:
  // Besides, a packet may hold the span and distant copies: eight sections in all.
  static constexpr std::size_t kMostWaiting = 3;

  // -- Plan --------------------------------------------------------------------------------------

  void apply_pending_plan() {
    if (!pending_plan_) return;
    const MediaPlan next = *pending_plan_;
    pending_plan_.reset();
    const bool same_codec = next.codec == plan_.codec && next.frame_ms == plan_.frame_ms &&
                            next.frames_per_packet == plan_.frames_per_packet;
    if (!same_codec || next.codec_bps != plan_.codec_bps) {
      // Fails only when the codec library does; the old plan then goes on.
      if (!codec_.reconfigure(codec_config(next, expected_loss_, constant_bitrate_))) return;
    }
    if (!(next.copies == plan_.copies) || !same_codec) announced_ = 0;
    plan_ = next;
  }

  /// As receivers see it: the same for all Opus ids.
  [[nodiscard]] proto::Media2Shape shape() const noexcept {
    const proto::Media2Shape own{plan_.codec, plan_.packet_time()};
    return *proto::media2_shape_from_code(*proto::media2_shape_code(own));  // is_valid(plan_)
  }

  // -- Speech ------------------------------------------------------------------------------------

  void add_samples(PcmView samples) {
    std::copy(samples.begin(), samples.end(), unit_.begin() + static_cast<std::ptrdiff_t>(filled_));
    filled_ += samples.size();
    if (filled_ == codec_.samples_per_frame()) encode_unit();
  }

  /// The ticks just before an onset, unless they were sent as the end of the speech before.
  void send_look_back(PcmView kept) {
    const std::size_t ticks = std::min<std::size_t>(kept.size() / kSamplesPerTick, silent_ticks_);
    time_ = time_ - static_cast<std::int64_t>(ticks) * kTick.count();
    for (std::size_t i = ticks; i > 0; --i) {
      add_samples(kept.subspan(kept.size() - i * kSamplesPerTick, kSamplesPerTick));
    }
  }

  void encode_unit() {
    filled_ = 0;
    const MediaTime32 begin = time_;
    time_ = time_ + plan_.packet_time().count();
    std::array<std::byte, UnitHistory::kMostBytes> room;
    const auto size = codec_.encode(PcmView(unit_).first(codec_.samples_per_frame()),
                                    MutableBytes(room).first(most_unit_bytes(plan_)));
    if (!size) return;  // heard as a lost unit; codecs fail only when out of memory
    const ByteView unit = ByteView(room).first(*size);
    add_packet(begin, unit, false);
    history_.add(shape(), begin, unit);
  }

  // -- Silence -----------------------------------------------------------------------------------

  /// A tick that is not sent. First it tells that nothing was lost, then the last units are
  /// repeated when they would have been, then, if `goes_on`, the level is told each 200 ms.
  void pass_silence(std::uint8_t level, bool goes_on) {
    const auto ticks_per_packet =
        static_cast<std::uint32_t>(plan_.packet_time().count() / kTick.count());
    const bool first = silent_ticks_ == 0;
    const bool in_cadence = silent_ticks_ % ticks_per_packet == 0 &&
                            silent_ticks_ / ticks_per_packet < plan_.copies.span_packets();
    ++silent_ticks_;
    const bool level_due = goes_on && silent_ticks_ % kTicksPerComfortPacket == 0;
    if (first || level_due || (in_cadence && copies_are_due())) {
      add_silent_packet(level, in_cadence);
    } else if (in_cadence) {
      history_.add_silence();
    }
    time_ = time_ + kTick.count();
  }

  void add_silent_packet(std::uint8_t level, bool in_cadence = true) {
    const std::byte unit{level};
    add_packet(time_, ByteView(&unit, 1), true, in_cadence);
    if (in_cadence) history_.add_silence();
  }

  [[nodiscard]] bool copies_are_due() const noexcept {
    const auto offsets = plan_.copies.view();
    return std::any_of(offsets.begin(), offsets.end(),
                       [this](std::uint8_t back) { return history_.at(back) != nullptr; });
  }

  // -- Packets -----------------------------------------------------------------------------------

  void add_packet(MediaTime32 begin, ByteView unit, bool silent, bool with_copies = true) {
    const MutableBytes room =
        MutableBytes(arena_).subspan(packets_.size() * kMostPayload, kMostPayload);
    proto::Media2Writer writer(room);
    writer.begin(shape(), proto::Media2Time::of(begin), silent);
    write_span(writer);
    write_waiting(writer);
    std::uint8_t copies = 0;
    if (with_copies) copies = write_copies(writer, begin);
    writer.finish(unit);
    if (writer.ok()) packets_.push_back({writer.bytes(), copies, silent});
  }

  void write_span(proto::Media2Writer& writer) noexcept {
    if (plan_.copies.count == 0) return;
    const std::uint32_t at = announced_++;
    if (at >= kFirstAnnouncements && at % kPacketsPerAnnouncement != 0) return;
    const auto span = plan_.copies.span_packets() * plan_.packet_time() / kTick;
    const auto steps = static_cast<std::byte>(span);
    writer.add_section(proto::Media2Sections::kSpan, ByteView(&steps, 1));
  }

  void write_waiting(proto::Media2Writer& writer) noexcept {
    ByteReader reader(ByteView(waiting_).first(waiting_size_));
    while (reader.remaining() != 0) {
      const std::uint8_t type = reader.u8();
      writer.add_section(type, reader.take(reader.u8()));
    }
    waiting_size_ = 0;
    waiting_count_ = 0;
  }

  /// Those the mask can't tell come first, as sections.
  std::uint8_t write_copies(proto::Media2Writer& writer, MediaTime32 begin) noexcept {
    std::uint8_t copies = 0;
    std::array<const UnitHistory::Unit*, UnitHistory::kPackets> regular{};
    for (const std::uint8_t back : plan_.copies.view()) {
      const UnitHistory::Unit* unit = history_.at(back);
      if (unit == nullptr) continue;
      const std::int64_t apart = begin.distance_from(unit->begin);
      const std::int64_t length = plan_.packet_time().count();
      const std::int64_t units = apart / length;
      if (unit->shape == shape() && apart % length == 0 && units >= 1 &&
          units <= static_cast<std::int64_t>(regular.size())) {
        regular[static_cast<std::size_t>(units - 1)] = unit;
        ++copies;
      } else if (write_distant(writer, *unit, apart)) {
        ++copies;
      }
    }
    for (std::size_t i = 0; i < regular.size(); ++i) {
      if (regular[i] != nullptr) writer.add_copy(i + 1, regular[i]->view());
    }
    return copies;
  }

  static bool write_distant(proto::Media2Writer& writer, const UnitHistory::Unit& unit,
                            std::int64_t apart_ms) noexcept {
    const std::int64_t steps = apart_ms / proto::Media2Time::kStepMs;
    const bool fits = unit.size + 2 <= proto::Media2Sections::kMostBytes &&
                      unit.size + kPayloadFields + kMostPayload / 4 <= writer.capacity_left();
    if (!fits || steps < 1 || steps > 255) return false;
    writer.add_distant_copy({unit.shape, static_cast<std::uint8_t>(steps), unit.view()});
    return true;
  }

  MediaPlan plan_;
  std::optional<MediaPlan> pending_plan_;
  bool suppress_silence_;
  bool constant_bitrate_;
  codec::AudioEncoder codec_;
  SpeechInput input_;
  UnitHistory history_;
  std::uint8_t expected_loss_ = 0;
  bool is_muted_ = false;
  std::uint32_t silent_ticks_ = 0;  // not sent, up to now
  std::uint32_t announced_ = 0;     // packets since the span changed
  MediaTime32 time_;                // where the unit being filled begins, or the next tick
  std::array<std::int16_t, kMostUnitSamples> unit_{};
  std::size_t filled_ = 0;
  std::array<std::byte, kMostSectionBytes> waiting_{};  // type, length, value of each
  std::size_t waiting_size_ = 0;
  std::size_t waiting_count_ = 0;
  std::vector<Media2Packet> packets_;
  std::vector<std::byte> arena_;
};

Media2Encoder::Media2Encoder(const Media2EncoderOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
Media2Encoder::~Media2Encoder() = default;
Media2Encoder::Media2Encoder(Media2Encoder&&) noexcept = default;
Media2Encoder& Media2Encoder::operator=(Media2Encoder&&) noexcept = default;

std::span<const Media2Packet> Media2Encoder::push(PcmView samples) { return impl_->push(samples); }
std::span<const Media2Packet> Media2Encoder::push_muted() { return impl_->push_muted(); }
std::span<const Media2Packet> Media2Encoder::finish() { return impl_->finish(); }
void Media2Encoder::set_plan(const MediaPlan& plan) { impl_->set_plan(plan); }
const MediaPlan& Media2Encoder::plan() const noexcept { return impl_->plan(); }
void Media2Encoder::set_expected_loss(std::uint8_t percent) noexcept {
  impl_->set_expected_loss(percent);
}
bool Media2Encoder::attach(std::uint8_t type, ByteView value) { return impl_->attach(type, value); }

}  // namespace wzp::client
