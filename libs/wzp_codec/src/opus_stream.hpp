// libopus behind two move-only classes. Everything is mono at 48 kHz.
#pragma once

#include <opus/opus.h>

#include <memory>

#include "wzp/codec/audio_encoder.hpp"
#include "wzp/codec/errc.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

struct OpusDelete {
  void operator()(OpusEncoder* e) const noexcept { opus_encoder_destroy(e); }
  void operator()(OpusDecoder* d) const noexcept { opus_decoder_destroy(d); }
};

class OpusSender {
 public:
  // Requires: a valid Opus config.
  explicit OpusSender(const EncoderConfig& config);  // throws std::runtime_error

  void configure(const EncoderConfig& config) noexcept;
  // Takes over from another codec: `before` is the sound up to here, a frame long. The next packet
  // makes sense to a decoder that has not heard any of it.
  void start_after(PcmView before) noexcept;
  Result<std::size_t> encode(PcmView frame, MutableBytes out) noexcept;

  static Result<void> check(const EncoderConfig& config) noexcept;
  [[nodiscard]] std::chrono::microseconds delay() const noexcept;

 private:
  void set_independent(bool on) noexcept;

  std::unique_ptr<OpusEncoder, OpusDelete> encoder_;
  bool independent_ = false;  // the next packet
};

class OpusReceiver {
 public:
  explicit OpusReceiver(int complexity);  // throws std::runtime_error

  static Result<std::size_t> samples_in(ByteView packet) noexcept;
  // True if the packet's first frame carries a copy of the frame before it.
  static bool has_redundancy(ByteView packet) noexcept;

  // Requires: out.size() == samples_in(packet).
  Result<void> decode(ByteView packet, MutablePcm out) noexcept;
  Result<void> decode_fec(ByteView packet, MutablePcm out) noexcept;
  void conceal(MutablePcm out) noexcept;
  void reset() noexcept;

 private:
  std::unique_ptr<OpusDecoder, OpusDelete> decoder_;
};

}  // namespace wzp::codec
