#include "noise_command.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "noise_sounds.hpp"
#include "speech.hpp"
#include "wzp/codec/estoi.hpp"
#include "wzp/codec/noise_suppressor.hpp"

namespace wzp::bench {
namespace {

using Pcm = std::vector<std::int16_t>;

constexpr std::uint32_t kRate = 48'000;
constexpr std::size_t kTick = 960;

struct NoiseOptions {
  unsigned seeds = 2;
  unsigned strongest_db = codec::NoiseSuppressorConfig{}.strongest_db;
  std::string json = "benchmarks/results/noise.jsonl";
};

struct Gain {
  double before = 0;
  double after = 0;
};

Pcm suppressed(Pcm sound, std::uint8_t strongest_db) {
  codec::NoiseSuppressor suppressor({strongest_db});
  sound.resize((sound.size() + codec::NoiseSuppressor::kDelay) / kTick * kTick);
  for (std::size_t at = 0; at < sound.size(); at += kTick) {
    static_cast<void>(suppressor.process(std::span(sound).subspan(at, kTick)));
  }
  sound.erase(sound.begin(), sound.begin() + codec::NoiseSuppressor::kDelay);
  return sound;
}

Gain measure(const Pcm& speech, const Pcm& noisy, const NoiseOptions& options) {
  const Pcm cleaned = suppressed(noisy, static_cast<std::uint8_t>(options.strongest_db));
  const auto score = [&](const Pcm& sound) {
    return codec::estoi(speech, sound, kRate).value_or(0.0);
  };
  return {score(noisy), score(cleaned)};
}

void print_line(std::string_view noise, std::string_view snr, const Gain& g, double wanted,
                std::string& lines, double snr_db) {
  const double gain = g.after - g.before;
  fmt::print("{:<8} {:>5} {:>9.3f} {:>9.3f} {:>+8.3f} {:>9}\n", noise, snr, g.before, g.after, gain,
             gain >= wanted ? "met" : "missed");
  const nlohmann::ordered_json json = {{"bench", "noise"},         {"noise", noise},
                                       {"snr_db", snr_db},         {"estoi_before", g.before},
                                       {"estoi_after", g.after},   {"gain", gain},
                                       {"wanted_at_least", wanted}};
  lines += json.dump() + '\n';
}

int run(const NoiseOptions& options) {
  const Pcm speech = recorded_speech();
  std::string lines;
  fmt::print("{:<8} {:>5} {:>9} {:>9} {:>8} {:>9}\n", "noise", "dB", "without", "with", "gain",
             "goal");
  print_line("clean", "-", measure(speech, speech, options), -0.01, lines, 99);
  for (const Noise noise : {Noise::kPink, Noise::kBabble, Noise::kCar}) {
    for (const double snr : {5.0, 10.0, 15.0}) {
      Gain mean;
      for (unsigned seed = 1; seed <= options.seeds; ++seed) {
        const auto sound = make_noise(noise, speech.size(), seed);
        const Gain one = measure(speech, mix(speech, sound, snr), options);
        mean.before += one.before / options.seeds;
        mean.after += one.after / options.seeds;
      }
      print_line(name(noise), fmt::format("{:.0f}", snr), mean,
                 noise == Noise::kPink ? 0.03 : -0.01, lines, snr);
    }
  }
  if (options.json.empty()) return 0;
  std::filesystem::create_directories(std::filesystem::absolute(options.json).parent_path());
  if (!(std::ofstream(options.json) << lines)) {
    throw std::runtime_error("cannot write " + options.json);
  }
  return 0;
}

}  // namespace

void add_noise_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<NoiseOptions>();
  CLI::App* command = app.add_subcommand(
      "noise", "Noise suppression: ESTOI of recorded speech in pink, babble and car noise");
  command->add_option("--seeds", options->seeds)->check(CLI::Range(1U, 20U))->capture_default_str();
  command->add_option("--strongest-db", options->strongest_db)
      ->check(CLI::Range(1U, 60U))
      ->capture_default_str();
  command->add_option("--json", options->json, "JSON lines; empty: none")->capture_default_str();
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace wzp::bench
