/// \file
/// Sound for the time in which none came, made from the sound before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wzp/codec/comfort_noise.hpp"
#include "wzp/codec/export.hpp"
#include "wzp/codec/noise_floor.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

/// Waveform concealment that needs no codec: for playout that runs dry while packets are late, and
/// for codecs without their own. Repeats the last pitch period (2.5-15 ms), fades it by a quarter
/// every 10 ms from the second on, and lets noise of the measured background level come up in its
/// place: after about 150 ms only that is left. The first real frame afterwards is faded in over
/// 5 ms.
///
///     Concealer concealer;
///     concealer.play(frame);      // every frame that came, in place
///     concealer.conceal(frame);   // every frame that did not
///
/// No allocation; about 25 us at the beginning of a loss. Not thread-safe.
class WZP_CODEC_EXPORT Concealer {
 public:
  explicit Concealer(std::uint64_t noise_seed = 1) noexcept : noise_(noise_seed) {}

  /// A frame of real sound, of any length. Changed only after a loss: its first 5 ms then contain
  /// the end of the concealment.
  void play(MutablePcm frame) noexcept;
  /// Fills a span of any length.
  void conceal(MutablePcm out) noexcept;
  /// Forgets the past.
  void reset() noexcept;

 private:
  static constexpr std::size_t kHistory = samples_in(std::chrono::milliseconds(30));
  static constexpr std::size_t kShortestLag = 120;
  static constexpr std::size_t kLongestLag = 720;

  void begin_loss() noexcept;
  void take_cycle(std::size_t lag) noexcept;
  [[nodiscard]] float next_sample() noexcept;
  void remember(PcmView played) noexcept;

  std::array<std::int16_t, kHistory> history_{};  // the last real sound
  std::array<float, kLongestLag> cycle_{};        // what is being repeated
  std::size_t cycle_size_ = 0;
  std::size_t cycle_at_ = 0;
  std::size_t concealed_ = 0;  // samples since the loss began; 0: no loss
  float gain_ = 0;
  float gain_per_sample_ = 0;  // factor
  float step_ = 0;             // at the seam, decaying
  float noise_level_ = 0;
  NoiseFloor background_;
  ComfortNoiseGenerator noise_;
};

}  // namespace wzp::codec
