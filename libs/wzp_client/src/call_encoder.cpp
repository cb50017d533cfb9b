#include "wzp/client/call_encoder.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "speech_input.hpp"
#include "wzp/codec/audio_encoder.hpp"
#include "wzp/fec/frame_block_encoder.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::client {
namespace {

constexpr std::size_t kMaxFrameSamples = 3 * kSamplesPerTick;
constexpr std::uint8_t kMaxFramesPerBlock = 32;
// A frame and the two before it at an onset, the repair packets of a block, comfort noise. Blocks
// short enough for two to be completed at once have few repair packets.
constexpr std::size_t kMaxPackets = 3 + 2 * kMaxFramesPerBlock + 1;
// Comfort noise is sent for the first silent tick, and for each tenth: all 200 ms.
constexpr std::uint32_t kTicksPerComfortPacket = 10;
constexpr std::size_t kMaxPacketBytes =
    proto::MediaHeader::kSize + 256 + proto::QualityReport::kSize;

void require(bool ok, const char* what) {
  if (!ok) throw std::invalid_argument(std::string("wzp::client::CallEncoder: ") + what);
}

void check(const proto::QualityProfile& p) {
  const auto ms = p.frame_duration_ms;
  require(p.codec != proto::CodecId::kComfortNoise, "comfort noise is not a codec to talk with");
  require(ms == 20 || ms == 40 || ms == 60, "frames have 20, 40 or 60 ms");
  require(p.frames_per_block >= 1 && p.frames_per_block <= kMaxFramesPerBlock,
          "a block has 1 to 32 frames");
  require(p.fec_ratio >= 0.0F && p.fec_ratio <= 2.0F, "the FEC ratio is 0 to 2");
}

codec::EncoderConfig codec_config(const proto::QualityProfile& profile, std::uint8_t expected_loss,
                                  bool constant_bitrate) {
  auto config = codec::EncoderConfig::for_profile(profile);
  config.expected_loss_percent = expected_loss;
  config.constant_bitrate = constant_bitrate;
  return config;
}

codec::AudioEncoder make_codec(const CallEncoderOptions& options) {
  require(!options.constant_bitrate || !options.silence_suppression,
          "silence suppression would show in a constant bit rate");
  auto encoder =
      codec::AudioEncoder::create(codec_config(options.profile, 0, options.constant_bitrate));
  require(encoder.has_value(), "no encoder for this codec and frame length");
  return std::move(*encoder);
}

fec::SymbolPolicy policy_of(const CallEncoderOptions& options) {
  return options.fit_repair_symbols ? fec::SymbolPolicy::kFitBlock
                                    : fec::SymbolPolicy::kLegacy256Trimmed;
}

fec::FrameBlockEncoder make_fec(const CallEncoderOptions& call) {
  fec::FrameBlockEncoderOptions options;
  options.layout = fec::layout_of(call.profile, policy_of(call));
  options.max_frames_per_block = kMaxFramesPerBlock;
  auto encoder = fec::FrameBlockEncoder::create(options);
  require(encoder.has_value(), "no FEC for this block size and ratio");
  return std::move(*encoder);
}

}  // namespace

class CallEncoder::Impl {
 public:
  explicit Impl(const CallEncoderOptions& options)
      : profile_((check(options.profile), options.profile)),
        suppress_silence_(options.silence_suppression),
        input_({options.noise_suppression, options.gain_control, options.silence_suppression}),
        constant_bitrate_(options.constant_bitrate),
        codec_(make_codec(options)),
        policy_(policy_of(options)),
        fec_(make_fec(options)) {
    packets_.reserve(kMaxPackets);
    arena_.resize(kMaxPackets * kMaxPacketBytes);
  }

  std::span<const EncodedPacket> push(PcmView samples) {
    packets_.clear();
    // What was captured before it was muted is no look-back of what comes after.
    if (std::exchange(muted_ticks_, 0) > 0) silent_ticks_ = 0;
    const SpeechInput::Frame frame = input_.process(samples);
    // A frame that was begun is filled before the pause begins.
    if (suppress_silence_ && !frame.active && filled_ == 0) {
      pass_silence(frame);
      return packets_;
    }
    if (frame.onset) send_look_back(frame.look_back);
    silent_ticks_ = 0;
    add_samples(frame.samples);
    return packets_;
  }

  std::span<const EncodedPacket> push_muted() {
    packets_.clear();
    if (muted_ticks_ == 0) end_talk();
    timestamp_ = timestamp_ + kTick.count();
    if (++muted_ticks_ == 1) add_comfort_packet(0);
    return packets_;
  }

  std::span<const EncodedPacket> finish() {
    packets_.clear();
    end_talk();
    return packets_;
  }

  std::span<const EncodedPacket> set_profile(const proto::QualityProfile& profile) {
    check(profile);
    packets_.clear();
    end_talk();
    // Nothing is changed unless both take the new profile.
    require(
        codec_.reconfigure(codec_config(profile, expected_loss_, constant_bitrate_)).has_value(),
        "no encoder for this codec and frame length");
    require(fec_.set_layout(fec::layout_of(profile, policy_)).has_value(),
            "no FEC for this block size and ratio");
    profile_ = profile;
    return packets_;
  }

  [[nodiscard]] const proto::QualityProfile& profile() const noexcept { return profile_; }

  void attach_report(const proto::QualityReport& report) noexcept { report_ = report; }

  void set_expected_loss(std::uint8_t percent) noexcept {
    expected_loss_ = std::min<std::uint8_t>(percent, 100);
    codec_.set_expected_loss(expected_loss_);
  }

 private:
  /// A tick that is not sent. What was said before it is protected now: the block's other frames
  /// would come only after the pause.
  void pass_silence(const SpeechInput::Frame& frame) {
    if (silent_ticks_ == 0) end_block();
    ++silent_ticks_;
    timestamp_ = timestamp_ + kTick.count();
    if (silent_ticks_ == 1 || silent_ticks_ % kTicksPerComfortPacket == 0) {
      add_comfort_packet(frame.noise_level);
    }
  }

  /// The ticks just before an onset, unless they were sent as the end of the speech before.
  void send_look_back(PcmView kept) {
    const std::size_t ticks = std::min<std::size_t>(kept.size() / kSamplesPerTick, silent_ticks_);
    timestamp_ = timestamp_ - static_cast<std::int64_t>(ticks) * kTick.count();
    for (std::size_t i = ticks; i > 0; --i) {
      add_samples(kept.subspan(kept.size() - i * kSamplesPerTick, kSamplesPerTick));
    }
  }

  void add_comfort_packet(std::uint8_t level) {
    proto::MediaHeader header;
    header.codec = proto::CodecId::kComfortNoise;
    header.seq = seq_++;
    header.timestamp = timestamp_;
    header.fec_block = fec_.open_block();
    const std::byte payload{level};
    add_packet(header, ByteView(&payload, 1));
  }

  void add_samples(PcmView samples) {
    std::copy(samples.begin(), samples.end(),
              frame_.begin() + static_cast<std::ptrdiff_t>(filled_));
    filled_ += samples.size();
    if (filled_ == codec_.samples_per_frame()) encode_frame();
  }

  void encode_frame() {
    filled_ = 0;
    const MediaTime32 time = timestamp_;
    timestamp_ = timestamp_ + profile_.frame_duration().count();
    std::array<std::byte, fec::kMaxLegacyFrameBytes> encoded;
    const auto size = codec_.encode(PcmView(frame_).first(codec_.samples_per_frame()), encoded);
    if (!size) return;  // heard as a lost frame; codecs fail only when out of memory
    const ByteView payload = ByteView(encoded).first(*size);
    const auto place = fec_.add_frame(payload);
    if (!place) return;
    proto::MediaHeader header = header_at(time);
    header.fec_block = place->block;
    header.fec_symbol = place->symbol;
    add_packet(header, payload);
    if (place->block_complete) add_repair_packets();
  }

  void end_talk() {
    if (filled_ > 0) {
      std::fill(frame_.begin() + static_cast<std::ptrdiff_t>(filled_), frame_.end(),
                std::int16_t{0});
      encode_frame();
    }
    end_block();
  }

  void end_block() {
    if (fec_.frames_in_block() == 0) return;
    fec_.end_block();
    add_repair_packets();
  }

  void add_repair_packets() {
    for (std::size_t i = 0; i < fec_.repair_count(); ++i) {
      const fec::RepairSymbol symbol = fec_.repair(i);
      proto::MediaHeader header = header_at(timestamp_);
      header.is_repair = true;
      header.fec_block = symbol.block;
      header.fec_symbol = symbol.esi;
      header.reserved = symbol.hint;
      add_packet(header, symbol.payload);
    }
  }

  [[nodiscard]] proto::MediaHeader header_at(MediaTime32 time) {
    proto::MediaHeader header;
    header.codec = profile_.codec;
    header.fec_ratio_code = proto::encode_fec_ratio(profile_.fec_ratio);
    header.seq = seq_++;
    header.timestamp = time;
    return header;
  }

  void add_packet(const proto::MediaHeader& header, ByteView payload) {
    const MutableBytes room =
        MutableBytes(arena_).subspan(packets_.size() * kMaxPacketBytes, kMaxPacketBytes);
    const bool is_sound = !header.is_repair && header.codec != proto::CodecId::kComfortNoise;
    const auto report = is_sound ? std::exchange(report_, std::nullopt) : std::nullopt;
    const auto size = proto::write_media_packet({header, payload, report}, room);
    if (size) packets_.push_back({room.first(*size), header.is_repair});
  }

  proto::QualityProfile profile_;
  bool suppress_silence_;
  SpeechInput input_;
  bool constant_bitrate_;
  codec::AudioEncoder codec_;
  fec::SymbolPolicy policy_;
  fec::FrameBlockEncoder fec_;
  std::uint8_t expected_loss_ = 0;
  std::optional<proto::QualityReport> report_;
  std::uint32_t silent_ticks_ = 0;  // not sent, up to now
  std::uint32_t muted_ticks_ = 0;
  SeqNo16 seq_;
  MediaTime32 timestamp_;
  std::array<std::int16_t, kMaxFrameSamples> frame_{};
  std::size_t filled_ = 0;
  std::vector<EncodedPacket> packets_;
  std::vector<std::byte> arena_;
};

CallEncoder::CallEncoder(const proto::QualityProfile& profile)
    : CallEncoder(CallEncoderOptions{profile}) {}
CallEncoder::CallEncoder(const CallEncoderOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
CallEncoder::~CallEncoder() = default;
CallEncoder::CallEncoder(CallEncoder&&) noexcept = default;
CallEncoder& CallEncoder::operator=(CallEncoder&&) noexcept = default;

std::span<const EncodedPacket> CallEncoder::push(PcmView samples) { return impl_->push(samples); }
std::span<const EncodedPacket> CallEncoder::push_muted() { return impl_->push_muted(); }
std::span<const EncodedPacket> CallEncoder::finish() { return impl_->finish(); }
std::span<const EncodedPacket> CallEncoder::set_profile(const proto::QualityProfile& profile) {
  return impl_->set_profile(profile);
}
const proto::QualityProfile& CallEncoder::profile() const noexcept { return impl_->profile(); }
void CallEncoder::set_expected_loss(std::uint8_t percent) noexcept {
  impl_->set_expected_loss(percent);
}

void CallEncoder::attach_report(const proto::QualityReport& report) noexcept {
  impl_->attach_report(report);
}

}  // namespace wzp::client
