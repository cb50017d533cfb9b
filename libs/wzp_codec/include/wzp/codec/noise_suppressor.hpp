/// \file
/// Takes steady noise out of a microphone's signal.
#pragma once

#include <cstdint>
#include <memory>

#include "wzp/codec/errc.hpp"
#include "wzp/codec/export.hpp"
#include "wzp/codec/pcm.hpp"

namespace wzp::codec {

struct NoiseSuppressorConfig {
  /// How far noise is turned down at most, 1-60 dB. More than 15 helps only in loud noise.
  std::uint8_t strongest_db = 15;
};

/// Spectral noise suppression (speexdsp) in blocks of 10 ms. It needs about half a second to learn
/// the noise. Where speech is more than 40 dB above its background the input passes unchanged, from
/// 34 dB on the suppression is all there. As a by-product it says how likely the frame holds voice,
/// which is what a VoiceActivityDetector should be given.
///
///     NoiseSuppressor suppressor;
///     const float voice = suppressor.process(frame).value();   // in place
///
/// The output is 10 ms behind the input. No allocation in process(). Not thread-safe; movable.
class WZP_CODEC_EXPORT NoiseSuppressor {
 public:
  static constexpr std::size_t kBlock = samples_in(std::chrono::milliseconds(10));
  /// Samples by which the output is late.
  static constexpr std::size_t kDelay = kBlock;

  /// Throws std::bad_alloc.
  explicit NoiseSuppressor(const NoiseSuppressorConfig& config = {});
  ~NoiseSuppressor();
  NoiseSuppressor(NoiseSuppressor&&) noexcept;
  NoiseSuppressor& operator=(NoiseSuppressor&&) noexcept;

  /// Cleans a frame of any number of blocks in place; returns the probability (0-1) that the most
  /// voiced of them holds speech. Error: kWrongFrameLength if it is empty or not whole blocks;
  /// nothing is changed then.
  [[nodiscard]] Result<float> process(MutablePcm frame) noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::codec
