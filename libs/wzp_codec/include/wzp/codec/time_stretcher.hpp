/// \file
/// Speech played a little faster or slower without changing its pitch.
#pragma once

#include <array>
#include <cstddef>

#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

/// What a jitter buffer wants of the next frame.
enum class StretchMode {
  kNone,        ///< Play it as it is.
  kAccelerate,  ///< Take one pitch period out: the buffer is too full.
  kExpand,      ///< Put one pitch period in: the buffer runs empty.
};

struct Stretched {
  std::size_t samples = 0;    ///< Written to the output.
  std::ptrdiff_t change = 0;  ///< Output minus input samples: below 0 removed, above 0 added.
};

/// Removes or inserts one pitch period (2.5-15 ms) per frame by overlap-add (WSOLA), where the
/// sound repeats itself: normalised autocorrelation above 0.9 at 48 kHz. In pauses, more than 40 dB
/// below the loudest recent speech or below -60 dBFS, any stretch will do. Elsewhere the frame
/// passes unchanged and the caller tries again with the next one.
///
///     TimeStretcher stretcher;
///     auto played = stretcher.process(StretchMode::kAccelerate, frame, room);
///     buffered -= played.change;
///
/// Every played frame goes through, so that the stretcher knows what came before. The first and
/// last sample of each frame stay in place: consecutive outputs join without a step. No allocation;
/// about 60 us for a stretched 20 ms frame. Not thread-safe.
class WZP_CODEC_EXPORT TimeStretcher {
 public:
  static constexpr std::size_t kShortestLag = 120;  ///< 2.5 ms
  static constexpr std::size_t kLongestLag = 720;   ///< 15 ms

  /// Handles one frame of 480 to 5760 samples (10-120 ms). `out` must have room for frame.size() +
  /// kLongestLag samples and not overlap `frame`; less room, or another frame size, passes the
  /// frame on as far as it fits. Accelerating takes out at most half of the frame: give it 30 ms or
  /// more where voices may be as low as 67 Hz.
  Stretched process(StretchMode mode, PcmView frame, MutablePcm out) noexcept;

  /// Forgets what was played.
  void reset() noexcept;

 private:
  enum class Direction { kBack, kForward };
  struct Splice {
    std::size_t at = kLongestLag;  // within past and frame
    std::size_t lag = 0;           // 0: nothing fits
    bool alike = true;             // the two periods are nearly the same; otherwise both are noise
  };
  static Splice find_period(PcmView signal, std::span<const float> coarse, std::size_t at,
                            Direction direction) noexcept;
  static Splice find_splice(PcmView signal, Direction direction) noexcept;
  [[nodiscard]] bool is_pause(PcmView frame) noexcept;
  static Stretched accelerate(PcmView signal, Splice splice, MutablePcm out) noexcept;
  static Stretched expand(PcmView signal, Splice splice, MutablePcm out) noexcept;
  void remember(PcmView played) noexcept;

  std::array<std::int16_t, kLongestLag> past_{};  // the last samples that were played
  float loudest_ = 0;                             // mean square of recent loud frames
};

}  // namespace wzp::codec
