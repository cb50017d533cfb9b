#include "wzp/codec/audio_decoder.hpp"

#include <algorithm>

#include "codec2_stream.hpp"
#include "crossfade.hpp"
#include "opus_stream.hpp"
#include "wzp/codec/comfort_noise.hpp"

namespace wzp::codec {
namespace {

using proto::CodecId;

enum class Source { kNone, kOpus, kCodec2At3200, kCodec2At1200, kNoise };

Source source_of(CodecId codec) noexcept {
  switch (codec) {
    case CodecId::kOpus24k:
    case CodecId::kOpus16k:
    case CodecId::kOpus6k:
      return Source::kOpus;
    case CodecId::kCodec2_3200:
      return Source::kCodec2At3200;
    case CodecId::kCodec2_1200:
      return Source::kCodec2At1200;
    case CodecId::kComfortNoise:
      return Source::kNoise;
  }
  return Source::kNone;
}

// What a decoder that starts afresh delivers before its first usable sample: Opus until its overlap
// is filled, Codec2 until its filter is and its parameters have risen from nothing.
std::size_t start_up_samples(Source source) noexcept {
  switch (source) {
    case Source::kOpus:
      return samples_in(std::chrono::milliseconds(3));
    case Source::kCodec2At3200:
    case Source::kCodec2At1200:
      return samples_in(std::chrono::milliseconds(16));
    default:
      return 0;
  }
}

constexpr std::size_t kNoiseSamples = samples_in(std::chrono::milliseconds(20));
constexpr std::size_t kStep = samples_in(std::chrono::milliseconds(10));

}  // namespace

Result<std::size_t> samples_in_packet(CodecId codec, ByteView payload) noexcept {
  switch (source_of(codec)) {
    case Source::kOpus:
      return OpusReceiver::samples_in(payload);
    case Source::kCodec2At3200:
    case Source::kCodec2At1200:
      return Codec2Receiver::samples_in(codec, payload);
    case Source::kNoise:
      return kNoiseSamples;
    case Source::kNone:
      break;
  }
  return Unexpected(Errc::kUnsupportedCodec);
}

bool has_redundancy(CodecId codec, ByteView payload) noexcept {
  return source_of(codec) == Source::kOpus && OpusReceiver::has_redundancy(payload);
}

struct AudioDecoder::Impl {
  explicit Impl(const DecoderConfig& config)
      : opus(config.complexity),
        codec2_3200(CodecId::kCodec2_3200, config.noise_seed + 1),
        codec2_1200(CodecId::kCodec2_1200, config.noise_seed + 2),
        noise(config.noise_seed) {}

  Result<void> decode_with(Source source, ByteView payload, MutablePcm out) noexcept {
    switch (source) {
      case Source::kOpus:
        return opus.decode(payload, out);
      case Source::kCodec2At3200:
        codec2_3200.decode(payload, out);
        return {};
      case Source::kCodec2At1200:
        codec2_1200.decode(payload, out);
        return {};
      case Source::kNoise:
        noise_level = payload.empty() ? kDefaultNoiseLevel
                                      : static_cast<float>(std::to_integer<int>(payload[0]));
        noise.fill(out, noise_level);
        return {};
      case Source::kNone:
        break;
    }
    return Unexpected(Errc::kUnsupportedCodec);
  }

  void conceal_with(Source source, MutablePcm out) noexcept {
    switch (source) {
      case Source::kOpus:
        return opus.conceal(out);
      case Source::kCodec2At3200:
        return codec2_3200.conceal(out);
      case Source::kCodec2At1200:
        return codec2_1200.conceal(out);
      case Source::kNoise:
        return noise.fill(out, noise_level);
      case Source::kNone:
        std::fill(out.begin(), out.end(), std::int16_t{0});
    }
  }

  void reset_source(Source source) noexcept {
    switch (source) {
      case Source::kOpus:
        return opus.reset();
      case Source::kCodec2At3200:
        return codec2_3200.reset();
      case Source::kCodec2At1200:
        return codec2_1200.reset();
      case Source::kNoise:
        noise_level = 0;
        return;
      case Source::kNone:
        return;
    }
  }

  // The fade is prepared only if there is something to fade from.
  void switch_to(Source next) noexcept {
    if (next == current) return;
    if (current != Source::kNone) {
      conceal_with(current, fade.tail());
      fade.start(start_up_samples(next));
      reset_source(next);
    }
    current = next;
  }

  OpusReceiver opus;
  Codec2Receiver codec2_3200;
  Codec2Receiver codec2_1200;
  ComfortNoiseGenerator noise;
  float noise_level = 0;
  Source current = Source::kNone;
  Crossfade fade;
};

AudioDecoder::AudioDecoder(const DecoderConfig& config) : impl_(std::make_unique<Impl>(config)) {}
AudioDecoder::~AudioDecoder() = default;
AudioDecoder::AudioDecoder(AudioDecoder&&) noexcept = default;
AudioDecoder& AudioDecoder::operator=(AudioDecoder&&) noexcept = default;

Result<std::size_t> AudioDecoder::decode(CodecId codec, ByteView payload, MutablePcm out) noexcept {
  const auto samples = samples_in_packet(codec, payload);
  if (!samples) return samples;
  if (out.size() < *samples) return Unexpected(Errc::kOutputTooSmall);
  const Source source = source_of(codec);
  impl_->switch_to(source);
  const MutablePcm frame = out.first(*samples);
  if (auto ok = impl_->decode_with(source, payload, frame); !ok) return Unexpected(ok.error());
  impl_->fade.apply(frame);
  return *samples;
}

Result<void> AudioDecoder::conceal(MutablePcm out) noexcept {
  if (out.size() % kStep != 0 || out.size() > kMaxPacketSamples) {
    return Unexpected(Errc::kWrongFrameLength);
  }
  if (out.empty()) return {};
  impl_->conceal_with(impl_->current, out);
  impl_->fade.apply(out);
  return {};
}

Result<void> AudioDecoder::decode_fec(CodecId codec, ByteView next, MutablePcm out) noexcept {
  if (!has_redundancy(codec, next)) return Unexpected(Errc::kNoRedundancy);
  const auto samples = samples_in_packet(codec, next);
  if (!samples) return Unexpected(samples.error());
  if (out.size() != *samples) return Unexpected(Errc::kWrongFrameLength);
  impl_->switch_to(Source::kOpus);
  if (auto ok = impl_->opus.decode_fec(next, out); !ok) return ok;
  impl_->fade.apply(out);
  return {};
}

void AudioDecoder::reset() noexcept {
  for (const Source s :
       {Source::kOpus, Source::kCodec2At3200, Source::kCodec2At1200, Source::kNoise}) {
    impl_->reset_source(s);
  }
  impl_->fade.cancel();
  impl_->current = Source::kNone;
}

}  // namespace wzp::codec
