/// \file
/// Codec frames to PCM, whatever codec each packet says it is.
#pragma once

#include <cstdint>
#include <memory>

#include "wzp/codec/errc.hpp"
#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"
#include "wzp/proto/bytes.hpp"
#include "wzp/proto/codec_id.hpp"

namespace wzp::codec {

/// Samples at 48 kHz that a packet holds: Opus packets say so themselves (2.5-120 ms), Codec2 by
/// their size (n frames of 20 or 40 ms), comfort noise counts 20 ms. Reads only the first bytes.
/// Errors: kUnsupportedCodec, kEmptyPayload, kWrongPayloadSize, kMalformedPacket.
[[nodiscard]] WZP_CODEC_EXPORT Result<std::size_t> samples_in_packet(proto::CodecId codec,
                                                                     ByteView payload) noexcept;

/// True if an Opus packet carries a low-rate copy of the frame before it, for decode_fec().
[[nodiscard]] WZP_CODEC_EXPORT bool has_redundancy(proto::CodecId codec, ByteView payload) noexcept;

struct DecoderConfig {
  std::uint64_t noise_seed = 1;
  /// Opus only. From libopus 1.5 on, 7 turns on its neural concealment; older versions ignore it.
  std::uint8_t complexity = 7;
};

/// Decodes one remote stream. Each packet is decoded as the codec id in its header says, so a
/// sender may change codec, frame length or both at any packet. When the codec family changes, the
/// old one's concealment plays until the new decoder has warmed up (3 ms Opus, 16 ms Codec2) and is
/// then faded into it over 10 ms.
///
///     AudioDecoder decoder;
///     std::array<std::int16_t, kMaxPacketSamples> room;
///     auto samples = decoder.decode(header.codec, payload, room);   // a packet that came
///     decoder.conceal(MutablePcm(room).first(960));                 // 20 ms that did not
///
/// Payloads may be hostile: they give an error or noise, nothing else. Allocates in the constructor
/// (about 100 kB) and when a stream changes to Codec2 (libcodec2 has no reset; 13 us), never from
/// one packet of a codec to the next. Not thread-safe; movable.
class WZP_CODEC_EXPORT AudioDecoder {
 public:
  /// Throws std::runtime_error if a codec library refuses to start.
  explicit AudioDecoder(const DecoderConfig& config = {});
  ~AudioDecoder();
  AudioDecoder(AudioDecoder&&) noexcept;
  AudioDecoder& operator=(AudioDecoder&&) noexcept;

  /// Writes the packet's sound to the front of `out` and returns the number of samples;
  /// kMaxPacketSamples are always enough. Comfort noise: 20 ms of noise at the level in the first
  /// payload byte, default if there is none. On error nothing was decoded and the caller conceals.
  /// Errors: those of samples_in_packet(), kOutputTooSmall, kCodecFailure.
  [[nodiscard]] Result<std::size_t> decode(proto::CodecId codec, ByteView payload,
                                           MutablePcm out) noexcept;

  /// Fills `out` with a guess of what was lost, continuing what was last decoded. out.size() must
  /// be a multiple of 10 ms (480 samples) up to 120 ms, otherwise kWrongFrameLength. Opus: libopus'
  /// own concealment. Codec2: the last frame again, fading into noise of the measured background
  /// within 200 ms. Comfort noise goes on as noise. Before the first packet: silence.
  [[nodiscard]] Result<void> conceal(MutablePcm out) noexcept;

  /// Decodes the copy of the *previous* frame that `next` carries, into exactly the lost frame's
  /// room; decode `next` itself afterwards as usual. out.size() must be samples_in_packet(next).
  /// Errors: kNoRedundancy (then conceal() instead), kWrongFrameLength, kCodecFailure.
  [[nodiscard]] Result<void> decode_fec(proto::CodecId codec, ByteView next,
                                        MutablePcm out) noexcept;

  /// Forgets the stream, as after construction (a new sender or a restart).
  void reset() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::codec
