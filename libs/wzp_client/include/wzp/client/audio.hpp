/// \file
/// Where a call's sound comes from and goes to.
///
/// All PCM is 16-bit signed mono at 48 kHz. A call reads one 20 ms frame from its source and writes
/// one to its sink on clocks of its own; sources and sinks never wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wzp/client/export.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::client {

inline constexpr std::uint32_t kSampleRateHz = 48000;
/// The capture and playout clock: 20 ms.
inline constexpr std::chrono::milliseconds kTick{20};
inline constexpr std::size_t kSamplesPerTick = 960;

using PcmView = std::span<const std::int16_t>;
using MutablePcm = std::span<std::int16_t>;

/// Gives captured sound. Implement it for a device; the library has a tone, silence and PCM in
/// memory.
class WZP_CLIENT_EXPORT AudioSource {
 public:
  virtual ~AudioSource();
  /// Fills all of `out` (kSamplesPerTick samples) and returns true, or returns false when the sound
  /// has ended; from then on it is not called again.
  virtual bool read(MutablePcm out) = 0;
};

/// Takes played sound.
class WZP_CLIENT_EXPORT AudioSink {
 public:
  virtual ~AudioSink();
  /// One frame of everybody mixed, played at `at`.
  virtual void play(PcmView mixed, Instant at) = 0;
  /// The same instant's frame of one sender alone, before play(); does nothing unless overridden.
  virtual void play_track(StreamId from, PcmView samples, Instant at);
};

/// Silence without end.
class WZP_CLIENT_EXPORT SilenceSource final : public AudioSource {
 public:
  bool read(MutablePcm out) override;
};

/// A sine at amplitude 16000 for a given time (the test tone of the field: 440 Hz).
class WZP_CLIENT_EXPORT ToneSource final : public AudioSource {
 public:
  explicit ToneSource(std::chrono::milliseconds length, double frequency_hz = 440.0);
  bool read(MutablePcm out) override;

 private:
  double step_;
  std::uint64_t position_ = 0;
  std::uint64_t end_;
};

/// PCM in memory, once; the last frame is filled up with silence.
class WZP_CLIENT_EXPORT PcmSource final : public AudioSource {
 public:
  explicit PcmSource(std::vector<std::int16_t> samples);
  bool read(MutablePcm out) override;

 private:
  std::vector<std::int16_t> samples_;
  std::size_t position_ = 0;
};

/// Forgets what it is given.
class WZP_CLIENT_EXPORT NullSink final : public AudioSink {
 public:
  void play(PcmView mixed, Instant at) override;
};

}  // namespace wzp::client
