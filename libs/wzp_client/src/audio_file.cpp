#include "wzp/client/audio_file.hpp"

#include <sndfile.h>

#include <algorithm>

#include "wzp/codec/resampler.hpp"

namespace wzp::client {
namespace {

struct CloseSndfile {
  void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
using SndfilePtr = std::unique_ptr<SNDFILE, CloseSndfile>;

bool is_raw(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".raw" || ending == ".pcm" || ending == ".s16";
}

SF_INFO format_for(const std::filesystem::path& path, bool for_writing) {
  SF_INFO info{};
  if (is_raw(path)) {
    info.format = SF_FORMAT_RAW | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE;
  } else if (for_writing) {
    info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  }
  if (info.format != 0) {
    info.samplerate = kSampleRateHz;
    info.channels = 1;
  }
  return info;
}

AudioFileError complain(const std::filesystem::path& path, std::string_view what) {
  return {path.string() + ": " + std::string(what)};
}

std::vector<std::int16_t> mixed_down(const std::vector<std::int16_t>& interleaved, int channels) {
  if (channels == 1) return interleaved;
  std::vector<std::int16_t> mono(interleaved.size() / static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < mono.size(); ++i) {
    int sum = 0;
    for (int c = 0; c < channels; ++c) {
      sum += interleaved[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)];
    }
    mono[i] = static_cast<std::int16_t>(sum / channels);
  }
  return mono;
}

std::vector<std::int16_t> at_48_khz(std::vector<std::int16_t> in, int rate) {
  if (rate == static_cast<int>(kSampleRateHz)) return in;
  codec::Resampler resampler(static_cast<std::uint32_t>(rate), kSampleRateHz);
  std::vector<std::int16_t> out;
  std::vector<std::int16_t> block(4800);
  const auto take_all = [&] {
    while (const std::size_t n = resampler.take(block)) {
      out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
    }
  };
  for (PcmView rest = in; !rest.empty();) {
    rest = rest.subspan(resampler.push(rest));
    take_all();
  }
  resampler.finish();
  take_all();
  return out;
}

}  // namespace

Expected<std::vector<std::int16_t>, AudioFileError> load_audio_file(
    const std::filesystem::path& path) {
  SF_INFO info = format_for(path, false);
  const SndfilePtr file(sf_open(path.c_str(), SFM_READ, &info));
  if (!file) return Unexpected(complain(path, sf_strerror(nullptr)));
  if (info.frames < 0 || static_cast<std::uint64_t>(info.frames) > kMaxAudioFileFrames ||
      info.channels < 1 || info.channels > 8 || info.samplerate < 8000 ||
      info.samplerate > 192000) {
    return Unexpected(complain(path, "not a recording of 8-192 kHz and at most 8 channels"));
  }
  std::vector<std::int16_t> interleaved(static_cast<std::size_t>(info.frames) *
                                        static_cast<std::size_t>(info.channels));
  const sf_count_t got = sf_readf_short(file.get(), interleaved.data(), info.frames);
  interleaved.resize(static_cast<std::size_t>(std::max<sf_count_t>(got, 0)) *
                     static_cast<std::size_t>(info.channels));
  if (interleaved.empty()) return Unexpected(complain(path, "holds no sound"));
  return at_48_khz(mixed_down(interleaved, info.channels), info.samplerate);
}

Expected<void, AudioFileError> save_audio_file(const std::filesystem::path& path, PcmView samples) {
  SF_INFO info = format_for(path, true);
  const SndfilePtr file(sf_open(path.c_str(), SFM_WRITE, &info));
  if (!file) return Unexpected(complain(path, sf_strerror(nullptr)));
  const auto wanted = static_cast<sf_count_t>(samples.size());
  if (sf_writef_short(file.get(), samples.data(), wanted) != wanted) {
    return Unexpected(complain(path, sf_strerror(file.get())));
  }
  return {};
}

void RecordingSink::play(PcmView mixed, Instant at) {
  if (started_at_ == kNever) started_at_ = at;
  samples_.insert(samples_.end(), mixed.begin(), mixed.end());
}

}  // namespace wzp::client
