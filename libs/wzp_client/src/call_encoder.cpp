#include "wzp/client/call_encoder.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "wzp/codec/audio_encoder.hpp"
#include "wzp/fec/frame_block_encoder.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::client {
namespace {

constexpr std::size_t kMaxFrameSamples = 3 * kSamplesPerTick;
constexpr std::uint8_t kMaxFramesPerBlock = 32;
// One source packet and the repair packets of two blocks: set_profile() may end one block and, in
// the frame that was begun, complete none.
constexpr std::size_t kMaxPackets = 1 + 2 * kMaxFramesPerBlock + 1;
constexpr std::size_t kMaxPacketBytes = proto::MediaHeader::kSize + 256;

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

codec::AudioEncoder make_codec(const proto::QualityProfile& profile) {
  auto encoder = codec::AudioEncoder::create(codec::EncoderConfig::for_profile(profile));
  require(encoder.has_value(), "no encoder for this codec and frame length");
  return std::move(*encoder);
}

fec::FrameBlockEncoder make_fec(const proto::QualityProfile& profile) {
  fec::FrameBlockEncoderOptions options;
  options.layout = fec::layout_of(profile, fec::SymbolPolicy::kLegacy256Trimmed);
  options.max_frames_per_block = kMaxFramesPerBlock;
  auto encoder = fec::FrameBlockEncoder::create(options);
  require(encoder.has_value(), "no FEC for this block size and ratio");
  return std::move(*encoder);
}

}  // namespace

class CallEncoder::Impl {
 public:
  explicit Impl(const proto::QualityProfile& profile)
      : profile_((check(profile), profile)), codec_(make_codec(profile)), fec_(make_fec(profile)) {
    packets_.reserve(kMaxPackets);
    arena_.resize(kMaxPackets * kMaxPacketBytes);
  }

  std::span<const EncodedPacket> push(PcmView samples) {
    packets_.clear();
    add_samples(samples);
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
    require(codec_.reconfigure(codec::EncoderConfig::for_profile(profile)).has_value(),
            "no encoder for this codec and frame length");
    require(
        fec_.set_layout(fec::layout_of(profile, fec::SymbolPolicy::kLegacy256Trimmed)).has_value(),
        "no FEC for this block size and ratio");
    profile_ = profile;
    return packets_;
  }

  [[nodiscard]] const proto::QualityProfile& profile() const noexcept { return profile_; }

 private:
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
    if (fec_.frames_in_block() > 0) {
      fec_.end_block();
      add_repair_packets();
    }
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
    const auto size = proto::write_media_packet({header, payload, std::nullopt}, room);
    if (size) packets_.push_back({room.first(*size), header.is_repair});
  }

  proto::QualityProfile profile_;
  codec::AudioEncoder codec_;
  fec::FrameBlockEncoder fec_;
  SeqNo16 seq_;
  MediaTime32 timestamp_;
  std::array<std::int16_t, kMaxFrameSamples> frame_{};
  std::size_t filled_ = 0;
  std::vector<EncodedPacket> packets_;
  std::vector<std::byte> arena_;
};

CallEncoder::CallEncoder(const proto::QualityProfile& profile)
    : impl_(std::make_unique<Impl>(profile)) {}
CallEncoder::~CallEncoder() = default;
CallEncoder::CallEncoder(CallEncoder&&) noexcept = default;
CallEncoder& CallEncoder::operator=(CallEncoder&&) noexcept = default;

std::span<const EncodedPacket> CallEncoder::push(PcmView samples) { return impl_->push(samples); }
std::span<const EncodedPacket> CallEncoder::finish() { return impl_->finish(); }
std::span<const EncodedPacket> CallEncoder::set_profile(const proto::QualityProfile& profile) {
  return impl_->set_profile(profile);
}
const proto::QualityProfile& CallEncoder::profile() const noexcept { return impl_->profile(); }

}  // namespace wzp::client
