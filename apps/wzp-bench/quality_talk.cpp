#include "quality_talk.hpp"

#include <fmt/format.h>

#include "wzp/client/audio.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/client/media2_encoder.hpp"
#include "wzp/proto/media2_packet.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::bench {
namespace {

using client::kSamplesPerTick;

constexpr std::size_t kIpUdpBytes = 28;
constexpr std::size_t kQuicBytes = 26;
constexpr std::size_t kReferenceQuicBytes = 28;
constexpr std::size_t kMediaTagBytes = 8;
constexpr std::size_t kPlainTagBytes = 16;
constexpr std::size_t kReferenceSymbolBytes = 256;

double kbps(std::uint64_t bytes, std::size_t ticks) {
  return static_cast<double>(bytes) * 8 / (static_cast<double>(ticks) * 20);
}

bool is_codec2(proto::CodecId codec) {
  return codec == proto::CodecId::kCodec2_3200 || codec == proto::CodecId::kCodec2_1200;
}

/// At the decoder's output; audio_encoder.hpp.
std::chrono::microseconds codec_delay(proto::CodecId codec) {
  return std::chrono::microseconds(is_codec2(codec) ? 32'000 : 6'500);
}

std::string codec_text(proto::CodecId codec, std::uint32_t bps) {
  return is_codec2(codec) ? fmt::format("Codec2 {}", bps) : fmt::format("Opus {:.3g}k", bps / 1e3);
}

std::size_t plain_overhead(Mode mode) {
  return mode == Mode::kReference ? kIpUdpBytes + kReferenceQuicBytes
                                  : kIpUdpBytes + kQuicBytes + kPlainTagBytes;
}

/// Feeds the recording tick by tick; `keep` takes what the encoder gives.
template <class Encoder, class Keep>
void encode_all(std::span<const std::int16_t> speech, Encoder& encoder, Talk& talk, Keep keep) {
  for (; (talk.ticks + 1) * kSamplesPerTick <= speech.size(); ++talk.ticks) {
    keep(encoder.push(speech.subspan(talk.ticks * kSamplesPerTick, kSamplesPerTick)));
  }
  keep(encoder.finish());
}

}  // namespace

std::string_view name(Mode mode) {
  if (mode == Mode::kMedia2) return "media/2";
  return mode == Mode::kLegacy ? "legacy" : "reference";
}

proto::QualityProfile legacy_profile(client::MediaProfile profile) {
  if (profile == client::MediaProfile::kGood) return proto::kProfileGood;
  return profile == client::MediaProfile::kDegraded ? proto::kProfileDegraded
                                                    : proto::kProfileCatastrophic;
}

std::string describe(const client::MediaPlan& plan) {
  std::string text =
      fmt::format("{} / {} ms", codec_text(plan.codec, plan.codec_bps), plan.packet_time().count());
  if (plan.copies.count == 0) return text;
  text += " + {";
  for (std::size_t i = 0; i < plan.copies.count; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ",", plan.copies.offsets[i]);
  }
  return text + "}";
}

Talk media2_talk(std::span<const std::int16_t> speech, const client::MediaPlan& plan) {
  client::Media2Encoder encoder({plan});
  Talk talk;
  std::uint64_t wire = 0;
  std::uint64_t units = 0;
  SeqNo16 seq;
  encode_all(speech, encoder, talk, [&](std::span<const client::Media2Packet> packets) {
    for (const auto& p : packets) {
      const auto header = proto::write_media2_header({false, 0x10, seq++});
      Talk::Packet packet{{header.begin(), header.end()}, talk.ticks};
      packet.bytes.insert(packet.bytes.end(), p.payload.begin(), p.payload.end());
      wire += kIpUdpBytes + kQuicBytes + packet.bytes.size() + kMediaTagBytes;
      units += proto::parse_media2_payload(p.payload)->unit.size();
      talk.packets.push_back(std::move(packet));
    }
  });
  talk.wire_kbps = kbps(wire, talk.ticks);
  talk.codec_kbps = kbps(units, talk.ticks);
  talk.setting = describe(plan);
  talk.codec = plan.codec;
  talk.codec_bps = plan.codec_bps;
  talk.packet_time = plan.packet_time();
  talk.codec_delay = codec_delay(plan.codec);
  talk.added_delay = client::added_delay(plan);
  return talk;
}

Talk plain_talk(Mode mode, std::span<const std::int16_t> speech,
                const proto::QualityProfile& profile) {
  client::CallEncoder encoder(profile);
  Talk talk;
  talk.mode = mode;
  std::uint64_t wire = 0;
  std::uint64_t units = 0;
  encode_all(speech, encoder, talk, [&](std::span<const client::EncodedPacket> packets) {
    for (const auto& p : packets) {
      const bool full_symbol = mode == Mode::kReference && p.is_repair;
      const std::size_t size =
          full_symbol ? proto::MediaHeader::kSize + kReferenceSymbolBytes : p.bytes.size();
      wire += plain_overhead(mode) + size;
      if (!p.is_repair) units += p.bytes.size() - proto::MediaHeader::kSize;
      talk.packets.push_back({{p.bytes.begin(), p.bytes.end()}, talk.ticks, p.is_repair});
    }
  });
  talk.wire_kbps = kbps(wire, talk.ticks);
  talk.codec_kbps = kbps(units, talk.ticks);
  talk.codec = profile.codec;
  talk.codec_bps = proto::traits(profile.codec).bits_per_second;
  talk.setting =
      fmt::format("{} / {} ms, block of {}, +{:.0f} %", codec_text(talk.codec, talk.codec_bps),
                  profile.frame_duration_ms, profile.frames_per_block, profile.fec_ratio * 100);
  talk.packet_time = profile.frame_duration();
  talk.codec_delay = codec_delay(profile.codec);
  talk.added_delay =
      profile.frame_duration() * (mode == Mode::kLegacy ? profile.frames_per_block : 1);
  return talk;
}

}  // namespace wzp::bench
