// Microseconds per frame of everything a call does with sound, and what the codecs leave of the
// speech. Prints two tables; appends JSON lines to benchmarks/results/codec.jsonl if that folder
// exists. Uses the recordings of the packages codec2-examples and alsa-utils.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "wzp/codec/audio_decoder.hpp"
#include "wzp/codec/audio_encoder.hpp"
#include "wzp/codec/concealer.hpp"
#include "wzp/codec/estoi.hpp"
#include "wzp/codec/gain_control.hpp"
#include "wzp/codec/mixer.hpp"
#include "wzp/codec/noise_suppressor.hpp"
#include "wzp/codec/resampler.hpp"
#include "wzp/codec/time_stretcher.hpp"
#include "wzp/codec/voice_activity_detector.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::codec;
using namespace std::chrono_literals;
using proto::CodecId;
using Pcm = std::vector<std::int16_t>;

namespace {

std::ofstream& json() {
  static std::ofstream out = [] {
    const std::filesystem::path folder = "benchmarks/results";
    if (!std::filesystem::is_directory(folder)) {
      std::printf("(no folder benchmarks/results here: results are only printed)\n");
      return std::ofstream();
    }
    return std::ofstream(folder / "codec.jsonl", std::ios::app);
  }();
  return out;
}

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

Pcm speech() {
  std::ifstream in("/usr/share/codec2/raw/hts1a.raw", std::ios::binary);
  std::ifstream more("/usr/share/codec2/raw/hts2a.raw", std::ios::binary);
  Pcm narrow;
  for (std::ifstream* file : {&in, &more}) {
    for (char pair[2]; file->read(pair, 2);) {
      narrow.push_back(static_cast<std::int16_t>(static_cast<unsigned char>(pair[0]) |
                                                 (static_cast<unsigned char>(pair[1]) << 8)));
    }
  }
  Resampler up(8000, 48000, ResamplerQuality::kBest);
  Pcm wide;
  std::array<std::int16_t, 960> block{};
  const auto drain = [&] {
    while (const std::size_t n = up.take(block)) {
      wide.insert(wide.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
    }
  };
  for (PcmView rest = narrow; !rest.empty();) {
    rest = rest.subspan(up.push(rest));
    drain();
  }
  up.finish();
  drain();
  wide.resize(wide.size() / 5760 * 5760);
  return wide;
}

// -- time -----------------------------------------------------------------------------------------

struct Timing {
  double p50 = 0;
  double p99 = 0;
};

// Runs `step` once per frame over the recording, five times.
Timing time_frames(const Pcm& pcm, std::size_t frame, const std::function<void(PcmView)>& step) {
  std::vector<double> us;
  for (int round = 0; round < 5; ++round) {
    for (std::size_t at = 0; at + frame <= pcm.size(); at += frame) {
      const auto start = std::chrono::steady_clock::now();
      step(PcmView(pcm).subspan(at, frame));
      us.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
              .count());
    }
  }
  std::sort(us.begin(), us.end());
  return {us[us.size() / 2], us[us.size() * 99 / 100]};
}

void report(const std::string& what, std::size_t frame, Timing t) {
  const double ms = static_cast<double>(frame) / 48;
  const double percent = t.p50 / (ms * 1000) * 100;
  std::printf("%-34s %6.0f ms %9.1f %9.1f %8.2f %%\n", what.c_str(), ms, t.p50, t.p99, percent);
  json() << "{\"benchmark\":\"codec\",\"case\":\"" << what << "\",\"frame_ms\":" << ms
         << ",\"us_p50\":" << t.p50 << ",\"us_p99\":" << t.p99 << ",\"core_percent\":" << percent
         << ",\"compiler\":\"" << __VERSION__ << "\",\"cpu\":\"" << cpu_name() << "\"}\n";
}

struct CodecCase {
  std::string name;
  EncoderConfig config;
};

const std::vector<CodecCase>& codec_cases() {
  static const std::vector<CodecCase> cases{
      {"Opus 24k", {.codec = CodecId::kOpus24k}},
      {"Opus 24k, loss 20 %", {.codec = CodecId::kOpus24k, .expected_loss_percent = 20}},
      {"Opus 16k", {.codec = CodecId::kOpus16k}},
      {"Opus 12k/40", {.frame_duration = 40ms, .bits_per_second = 12000}},
      {"Opus 8k/60", {.frame_duration = 60ms, .bits_per_second = 8000}},
      {"Opus 6k/40", {.codec = CodecId::kOpus6k, .frame_duration = 40ms}},
      {"Codec2 3200", {.codec = CodecId::kCodec2_3200}},
      {"Codec2 1200", {.codec = CodecId::kCodec2_1200, .frame_duration = 40ms}},
  };
  return cases;
}

void time_codecs(const Pcm& pcm) {
  for (const CodecCase& c : codec_cases()) {
    auto encoder = AudioEncoder::create(c.config).value();
    AudioDecoder decoder;
    std::vector<std::vector<std::byte>> packets;
    std::array<std::byte, kEncodedFrameRoom> room{};
    std::array<std::int16_t, kMaxPacketSamples> out{};
    const std::size_t frame = encoder.samples_per_frame();
    report(c.name + " encode", frame, time_frames(pcm, frame, [&](PcmView in) {
             const std::size_t size = encoder.encode(in, room).value();
             packets.emplace_back(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
           }));
    std::size_t next = 0;
    report(c.name + " decode", frame, time_frames(pcm, frame, [&](PcmView) {
             static_cast<void>(decoder.decode(c.config.codec, packets[next++], out));
           }));
    report(c.name + " conceal", 960, time_frames(pcm, 960, [&](PcmView) {
             static_cast<void>(decoder.conceal(MutablePcm(out).first(960)));
           }));
  }
}

void time_processing(const Pcm& pcm) {
  Pcm frame(960);
  std::array<std::int16_t, 1920> room{};
  TimeStretcher stretcher;
  for (const auto mode : {StretchMode::kNone, StretchMode::kAccelerate, StretchMode::kExpand}) {
    const char* names[] = {"stretcher, no change", "stretcher, accelerate", "stretcher, expand"};
    report(names[static_cast<int>(mode)], 960,
           time_frames(pcm, 960, [&](PcmView in) { stretcher.process(mode, in, room); }));
  }
  Concealer concealer;
  report("concealer, loss of 20 ms", 960, time_frames(pcm, 960, [&](PcmView in) {
           std::copy(in.begin(), in.end(), frame.begin());
           concealer.play(frame);
           concealer.conceal(frame);
         }));
  NoiseSuppressor suppressor;
  report("noise suppression", 960, time_frames(pcm, 960, [&](PcmView in) {
           std::copy(in.begin(), in.end(), frame.begin());
           static_cast<void>(suppressor.process(frame));
         }));
  VoiceActivityDetector detector;
  report("voice activity", 960, time_frames(pcm, 960, [&](PcmView in) { detector.push(in); }));
  GainControl gain;
  report("gain control", 960, time_frames(pcm, 960, [&](PcmView in) {
           std::copy(in.begin(), in.end(), frame.begin());
           gain.process(frame, true);
         }));
  Mixer mixer;
  report("mixer, 8 streams", 960, time_frames(pcm, 960, [&](PcmView in) {
           for (int i = 0; i < 8; ++i) mixer.add(in);
           mixer.finish(frame);
         }));
  Resampler resampler(44100, 48000);
  report("resampler 44.1 to 48 kHz, medium", 960, time_frames(pcm, 960, [&](PcmView in) {
           resampler.push(in.first(882));
           while (resampler.take(room) != 0) {
           }
         }));
}

// -- quality --------------------------------------------------------------------------------------

double score(const Pcm& clean, const Pcm& out, std::size_t delay) {
  return estoi(PcmView(clean).first(clean.size() - delay), PcmView(out).subspan(delay), 48000)
      .value_or(0);
}

// ESTOI through a codec with a share of the packets lost and concealed by the decoder.
double through(const CodecCase& c, const Pcm& pcm, double loss, double* kbps) {
  auto encoder = AudioEncoder::create(c.config).value();
  AudioDecoder decoder;
  SeededRng rng(7);
  std::array<std::byte, kEncodedFrameRoom> room{};
  Pcm out(pcm.size());
  const std::size_t frame = encoder.samples_per_frame();
  std::size_t bytes = 0;
  for (std::size_t at = 0; at + frame <= pcm.size(); at += frame) {
    const std::size_t size = encoder.encode(PcmView(pcm).subspan(at, frame), room).value();
    bytes += size;
    const MutablePcm to = MutablePcm(out).subspan(at, frame);
    if (rng.next_unit() < loss) {
      static_cast<void>(decoder.conceal(to));
    } else {
      static_cast<void>(decoder.decode(c.config.codec, ByteView(room).first(size), to));
    }
  }
  *kbps = static_cast<double>(bytes) * 8 / (static_cast<double>(pcm.size()) / 48);
  const auto delay = encoder.algorithmic_delay().count() * 48 / 1000;
  return score(pcm, out, static_cast<std::size_t>(delay));
}

void judge_codecs(const Pcm& pcm) {
  std::printf("\n%-22s %8s %12s %12s %12s\n", "ESTOI, own concealment", "kbit/s", "no loss",
              "10 % lost", "20 % lost");
  for (const CodecCase& c : codec_cases()) {
    double kbps = 0;
    const double clean = through(c, pcm, 0, &kbps);
    const double ten = through(c, pcm, 0.1, &kbps);
    const double twenty = through(c, pcm, 0.2, &kbps);
    std::printf("%-22s %8.1f %12.3f %12.3f %12.3f\n", c.name.c_str(), kbps, clean, ten, twenty);
    json() << "{\"benchmark\":\"codec\",\"case\":\"" << c.name << " quality\",\"kbps\":" << kbps
           << ",\"estoi\":" << clean << ",\"estoi_10\":" << ten << ",\"estoi_20\":" << twenty
           << "}\n";
  }
}

}  // namespace

int main() {
  const Pcm pcm = speech();
  if (pcm.empty()) {
    std::fprintf(stderr, "no recordings: install codec2-examples (./run deps)\n");
    return 1;
  }
  json();
  std::printf("%-34s %9s %9s %9s %10s\n", "", "frame", "p50 us", "p99 us", "of a core");
  time_codecs(pcm);
  time_processing(pcm);
  judge_codecs(pcm);
  return 0;
}
