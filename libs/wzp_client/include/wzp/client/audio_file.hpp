/// \file
/// Sound files as sources and sinks: WAV (and what else libsndfile reads) at any rate, or raw
/// 48 kHz mono s16le when the name ends in .raw, .pcm or .s16.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "wzp/client/audio.hpp"
#include "wzp/client/export.hpp"
#include "wzp/proto/expected.hpp"

namespace wzp::client {

/// What went wrong with a file, for people: names the file and the reason.
struct AudioFileError {
  std::string message;
};

/// Longest sound load_audio_file() takes: two hours.
inline constexpr std::uint64_t kMaxAudioFileFrames = 2ULL * 3600 * 192000;

/// Reads a whole file; channels are averaged, other rates resampled to 48 kHz.
[[nodiscard]] WZP_CLIENT_EXPORT Expected<std::vector<std::int16_t>, AudioFileError> load_audio_file(
    const std::filesystem::path& path);

/// Writes 48 kHz mono, WAV or raw by the name's ending.
[[nodiscard]] WZP_CLIENT_EXPORT Expected<void, AudioFileError> save_audio_file(
    const std::filesystem::path& path, PcmView samples);

/// Keeps what is played, for save_audio_file(). Grows by 5.8 MB a minute.
class WZP_CLIENT_EXPORT RecordingSink final : public AudioSink {
 public:
  void play(PcmView mixed, Instant at) override;
  [[nodiscard]] const std::vector<std::int16_t>& samples() const noexcept { return samples_; }
  /// When the first sample was played; kNever before.
  [[nodiscard]] Instant started_at() const noexcept { return started_at_; }

 private:
  std::vector<std::int16_t> samples_;
  Instant started_at_ = kNever;
};

}  // namespace wzp::client
