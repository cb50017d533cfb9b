// Calls of an hour in virtual time: drift of the delay, frames lost to anything but the path, and
// memory. Prints a table, and fails if a limit is broken.
#include "../../../tests/support/long_call.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "wzp/client/audio_file.hpp"
#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::test;
using namespace std::chrono_literals;

namespace {

using Pcm = std::vector<std::int16_t>;

constexpr int kTapeSeconds = 60;

Pcm load_speech() {
  const auto once = client::load_audio_file("/usr/share/codec2/raw/speech_orig_16k.wav");
  if (!once) {
    std::fprintf(stderr, "%s (install codec2-examples)\n", once.error().message.c_str());
    std::exit(1);
  }
  Pcm out;
  while (out.size() < 48'000U * kTapeSeconds) out.insert(out.end(), once->begin(), once->end());
  out.resize(48'000U * kTapeSeconds);
  return out;
}

/// 2 s of speech, 10 s of room noise, and so on.
Pcm with_pauses(const Pcm& speech) {
  Pcm out = speech;
  SeededRng rng(3);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i / 48'000 % 12 >= 2) out[i] = 0;
    const int noise = static_cast<int>(rng.next_u64() % 61) - 30;
    out[i] = static_cast<std::int16_t>(std::clamp(out[i] + noise, -32768, 32767));
  }
  return out;
}

bool report(const char* name, const LongCallResult& r, std::uint64_t may_miss) {
  const double drift = r.delay_ms.back() - r.delay_ms[1];
  const long growth = r.resident_kb.back() - r.resident_kb[1];
  const std::uint64_t missed = r.frames_sent - std::min(r.frames_sent, r.receive.frames_received);
  const bool good = std::fabs(drift) < 20 && growth < 512 && missed <= may_miss;
  std::printf("| %-34s | %7llu | %7llu | %5llu | %5llu | %6.1f | %6.1f | %+5.1f | %5ld | %s |\n",
              name, static_cast<unsigned long long>(r.frames_sent),
              static_cast<unsigned long long>(r.receive.frames_received),
              static_cast<unsigned long long>(r.receive.frames_late),
              static_cast<unsigned long long>(r.receive.frames_concealed), r.delay_ms[1],
              r.delay_ms.back(), drift, growth, good ? "met" : "MISSED");
  std::fflush(stdout);
  return good;
}

}  // namespace

int main() {
  const Pcm speech = load_speech();
  const PacketTape talk(speech, {});
  client::CallEncoderOptions with_suppression;
  with_suppression.silence_suppression = true;
  const PacketTape pauses(with_pauses(speech), with_suppression);
  LongCallOptions base;
  base.length = 60min;
  base.path.delay = 40ms;
  base.path.jitter = 15ms;
  std::printf("60 min, 40-55 ms of transit; frames of 20 ms; limits: 20 ms of drift, 512 kB\n\n");
  std::printf(
      "| call | sent | played | late | concealed | min 2 ms | min 60 ms | drift | kB | |\n");
  std::printf("|---|---|---|---|---|---|---|---|---|---|\n");
  bool good = true;
  for (const double ppm : {-100.0, 0.0, 100.0}) {
    LongCallOptions options = base;
    options.sender_ppm = ppm;
    char name[64];
    std::snprintf(name, sizeof name, "sender's clock %+.0f ppm", ppm);
    good = report(name, run_long_call(talk, options), 10) && good;
  }
  LongCallOptions wrap = base;
  wrap.first_seq = 60'000;
  wrap.first_time = 0U - 1'800'000;
  good = report("numbers wrap 3 times, time once", run_long_call(talk, wrap), 10) && good;
  LongCallOptions restart = base;
  restart.restart_every = 600s;
  good = report("the sender starts anew each 10 min", run_long_call(talk, restart), 60) && good;
  good = report("2 s speech / 10 s silence", run_long_call(pauses, base), 10) && good;
  return good ? 0 : 1;
}
