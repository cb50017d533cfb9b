/// \file
/// PCM frames to codec frames.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "wzp/codec/errc.hpp"
#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"
#include "wzp/proto/bytes.hpp"
#include "wzp/proto/codec_id.hpp"
#include "wzp/proto/quality_profile.hpp"

namespace wzp::codec {

/// Room that holds the encoded frame of every profile. Opus at 24 kbit/s and 20 ms needs about 60
/// bytes, Codec2 6 or 8.
inline constexpr std::size_t kEncodedFrameRoom = 512;

/// Rates an Opus encoder takes, in bit/s.
inline constexpr std::uint32_t kMinOpusBitrate = 6000;
inline constexpr std::uint32_t kMaxOpusBitrate = 128000;

/// What an encoder makes. The codec id names the family and, when `bits_per_second` is 0, the rate;
/// any Opus rate may be used with any Opus id, because Opus packets describe themselves.
struct EncoderConfig {
  proto::CodecId codec = proto::CodecId::kOpus24k;
  /// Opus: 10, 20, 40, 60, 80, 100 or 120 ms. Codec2: multiples of its 20 or 40 ms frame up to 120
  /// ms; the frames of one packet follow each other without separator.
  std::chrono::milliseconds frame_duration{20};
  std::uint32_t bits_per_second = 0;  ///< 0: the rate of the codec id.
  /// Opus only: put a low-rate copy of the previous frame into a packet. libopus does so only when
  /// the expected loss is above 0 and the rate leaves room for it.
  bool in_band_fec = true;
  std::uint8_t expected_loss_percent = 0;  ///< Opus only, 0-100.
  /// Opus only: 1-byte packets during silence. Off: what to do in silence is the caller's decision,
  /// and a 1-byte packet costs as much header as any other.
  bool dtx = false;
  /// Opus only: every packet has the same size, whatever is said. Codec2's always have.
  bool constant_bitrate = false;
  std::uint8_t complexity = 9;  ///< Opus only, 0-10.
  /// Opus only: code nothing above 8 kHz. libopus codes up to 12 kHz from about 14 kbit/s on, which
  /// costs speech some clarity up to about 20 kbit/s.
  bool wideband_at_most = false;

  /// Codec and frame duration of a profile, everything else at its default.
  [[nodiscard]] static EncoderConfig for_profile(const proto::QualityProfile& profile) noexcept {
    EncoderConfig config;
    config.codec = profile.codec;
    config.frame_duration = profile.frame_duration();
    return config;
  }
};

/// Encodes one stream of speech, frame by frame: libopus (voice, variable rate) or Codec2 behind a
/// 48 to 8 kHz filter.
///
///     auto encoder = AudioEncoder::create({.codec = proto::CodecId::kOpus24k});
///     std::array<std::byte, kEncodedFrameRoom> room;
///     auto size = encoder->encode(pcm_frame, room);   // pcm_frame: samples_per_frame() samples
///     if (size) send(ByteView(room).first(*size));
///
/// Allocates in create() and reconfigure(), never in encode(). Not thread-safe; movable.
class WZP_CODEC_EXPORT AudioEncoder {
 public:
  /// Errors: kUnsupportedCodec, kUnsupportedDuration, kBitrateOutOfRange; kCodecFailure when the
  /// codec library refuses to start.
  [[nodiscard]] static Result<AudioEncoder> create(const EncoderConfig& config);
  ~AudioEncoder();
  AudioEncoder(AudioEncoder&&) noexcept;
  AudioEncoder& operator=(AudioEncoder&&) noexcept;

  /// Encodes exactly samples_per_frame() samples into `out` and returns the size, at least 1.
  /// Opus keeps within out.size() by lowering its quality. With DTX, a size of 1 or 2 says that
  /// nothing needs to be sent. Errors: kWrongFrameLength, kOutputTooSmall, kCodecFailure.
  [[nodiscard]] Result<std::size_t> encode(PcmView frame, MutableBytes out) noexcept;

  /// Another codec, frame length or setting from the next frame on. Within Opus the encoder goes on
  /// as it is, so that the decoder hears no seam. After a change of codec the first packet needs
  /// nothing a decoder could not know, and begins with the sound right after the last packet. On
  /// error nothing has changed. Errors as create().
  [[nodiscard]] Result<void> reconfigure(const EncoderConfig& config);
  /// Opus only. Errors: kBitrateOutOfRange, kUnsupportedCodec.
  [[nodiscard]] Result<void> set_bitrate(std::uint32_t bits_per_second) noexcept;
  /// What the network was measured to lose, 0-100; more counts as 100. Codec2 ignores it.
  void set_expected_loss(std::uint8_t percent) noexcept;

  [[nodiscard]] const EncoderConfig& config() const noexcept;
  [[nodiscard]] std::size_t samples_per_frame() const noexcept;
  /// How far the encoded sound lags behind the PCM given, at the decoder's output, not counting the
  /// frame itself: Opus 6.5 ms, Codec2 32 ms (two resampling filters and its own window).
  [[nodiscard]] std::chrono::microseconds algorithmic_delay() const noexcept;

 private:
  struct Impl;
  explicit AudioEncoder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::codec
