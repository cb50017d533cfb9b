// libcodec2 with its 8 kHz world wrapped into 48 kHz frames.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "sinc_filter.hpp"
#include "wzp/codec/audio_encoder.hpp"
#include "wzp/codec/comfort_noise.hpp"
#include "wzp/codec/errc.hpp"
#include "wzp/codec/noise_floor.hpp"
#include "wzp/codec/pcm.hpp"

struct CODEC2;

namespace wzp::codec {

// The constants of a mode.
struct Codec2Mode {
  int mode = 0;                // libcodec2's number
  std::size_t bytes = 0;       // of an encoded frame
  std::size_t samples_8k = 0;  // of a frame at 8 kHz
  [[nodiscard]] constexpr std::size_t samples_48k() const noexcept { return 6 * samples_8k; }

  // Requires: a Codec2 id.
  static Codec2Mode of(proto::CodecId codec) noexcept;
};

struct Codec2Delete {
  void operator()(CODEC2* state) const noexcept;
};
using Codec2Handle = std::unique_ptr<CODEC2, Codec2Delete>;

inline constexpr std::size_t kMaxCodec2Bytes = 8;
inline constexpr std::size_t kMaxCodec2Samples8k = 320;

// What libcodec2 itself adds, measured by correlation of speech.
inline constexpr std::chrono::microseconds kCodec2Delay{20000};

class Codec2Sender {
 public:
  explicit Codec2Sender(proto::CodecId codec);  // throws std::runtime_error

  // Requires: frame.size() is a multiple of the mode's samples_48k().
  Result<std::size_t> encode(PcmView frame, MutableBytes out) noexcept;
  // Takes over from another codec: `before` is the sound up to here, whole frames long.
  void start_after(PcmView before) noexcept;

  static Result<void> check(const EncoderConfig& config) noexcept;

 private:
  Codec2Mode mode_;
  Codec2Handle state_;
  FrameRateConverter down_;
};

class Codec2Receiver {
 public:
  Codec2Receiver(proto::CodecId codec, std::uint64_t noise_seed);  // throws std::runtime_error

  static Result<std::size_t> samples_in(proto::CodecId codec, ByteView packet) noexcept;

  // Requires: out.size() == samples_in(packet).
  void decode(ByteView packet, MutablePcm out) noexcept;
  // Requires: out.size() is a multiple of 480.
  void conceal(MutablePcm out) noexcept;
  void reset() noexcept;

 private:
  using Frame8k = std::array<std::int16_t, kMaxCodec2Samples8k>;

  void decode_frame(ByteView bytes, MutablePcm out) noexcept;
  void fade_out_of_concealment(std::span<std::int16_t> frame) noexcept;
  void conceal_step(std::span<std::int16_t> step) noexcept;

  Codec2Mode mode_;
  Codec2Handle state_;
  FrameRateConverter up_;
  NoiseFloor background_;
  ComfortNoiseGenerator noise_;
  std::array<std::byte, kMaxCodec2Bytes> last_{};
  bool has_last_ = false;
  Frame8k repeated_{};               // the last frame synthesised once more
  std::size_t repeated_used_;        // how much of it was played; at the end: nothing is left
  std::size_t concealed_steps_ = 0;  // of 10 ms, since the last good frame
  float gain_ = 1;                   // of the repeated speech
};

}  // namespace wzp::codec
