// Takes a stream over from one source to another without a click.
#pragma once

#include <array>
#include <cstddef>

#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

// Holds the old source's continuation and mixes it into whatever the new source delivers: first the
// old alone while the new one's filters fill, then both over a raised-cosine fade.
class Crossfade {
 public:
  static constexpr std::size_t kTail = samples_in(std::chrono::milliseconds(30));
  static constexpr std::size_t kFade = samples_in(std::chrono::milliseconds(10));

  // Where the caller writes the old source's next kTail samples, before start().
  MutablePcm tail() noexcept { return tail_; }
  // `lead`: samples of the new source that are not usable yet, at most kTail - kFade.
  void start(std::size_t lead) noexcept;
  void apply(MutablePcm fresh) noexcept;
  void cancel() noexcept { position_ = end_ = 0; }

 private:
  std::array<std::int16_t, kTail> tail_{};
  std::size_t lead_ = 0;
  std::size_t position_ = 0;
  std::size_t end_ = 0;
};

}  // namespace wzp::codec
