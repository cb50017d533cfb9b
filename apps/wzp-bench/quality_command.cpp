#include "quality_command.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "quality_picture.hpp"
#include "quality_run.hpp"
#include "speech.hpp"

namespace wzp::bench {
namespace {

using namespace std::chrono_literals;

struct QualityOptions {
  bool quick = false;
  unsigned seeds = 4;
  std::string json = "benchmarks/results/quality.jsonl";
  std::string svg = "docs/quality.svg";
};

struct Path {
  std::string name;
  transport::ChannelConfig channel;
};

transport::ChannelConfig base_channel() {
  transport::ChannelConfig c;
  c.delay = 50ms;
  c.jitter = 10ms;
  return c;
}

Path iid(const char* name, double loss) {
  Path path{name, base_channel()};
  path.channel.loss_rate = loss;
  return path;
}

Path gilbert(const char* name, double mean, double loss) {
  Path path{name, base_channel()};
  path.channel.bursts = transport::GilbertElliott{loss, mean, 1.0};
  return path;
}

Path outages() {
  Path path{"outage 240ms", base_channel()};
  path.channel.outage_period = 5s;
  path.channel.outage_length = 240ms;
  return path;
}

std::vector<Path> all_paths() {
  return {iid("clean", 0),
          iid("iid 5%", 0.05),
          iid("iid 10%", 0.10),
          iid("iid 20%", 0.20),
          iid("iid 30%", 0.30),
          iid("iid 40%", 0.40),
          gilbert("b3@10%", 3, 0.1),
          gilbert("b3@20%", 3, 0.20),
          gilbert("b6@20%", 6, 0.20),
          outages()};
}

struct NamedProfile {
  const char* name;
  proto::QualityProfile profile;
};
constexpr NamedProfile kProfiles[] = {{"good", proto::kProfileGood},
                                      {"degraded", proto::kProfileDegraded},
                                      {"catastrophic", proto::kProfileCatastrophic}};

void add(QualityScore& sum, const QualityScore& one) {
  sum.lost_percent += one.lost_percent;
  sum.residual_percent += one.residual_percent;
  sum.estoi += one.estoi;
  sum.delay_ms += one.delay_ms;
}

QualityScore mean_of(const std::vector<std::int16_t>& speech, const EncodedTalk& talk,
                     transport::ChannelConfig channel, unsigned seeds) {
  QualityScore sum;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    channel.seed = seed;
    add(sum, run_talk(speech, talk, channel));
  }
  const double n = seeds;
  return {sum.lost_percent / n, sum.residual_percent / n, sum.estoi / n, sum.delay_ms / n};
}

nlohmann::ordered_json line(const char* profile, const std::string& path, const EncodedTalk& talk,
                            const QualityScore& s, unsigned seeds, double seconds) {
  return {{"bench", "quality"},
          {"mode", "legacy"},
          {"profile", profile},
          {"path", path},
          {"seeds", seeds},
          {"speech_s", seconds},
          {"lost_percent", s.lost_percent},
          {"residual_percent", s.residual_percent},
          {"estoi", s.estoi},
          {"delay_ms", s.delay_ms},
          {"payload_kbps", talk.payload_kbps},
          {"wire_kbps", talk.wire_kbps}};
}

void write_file(const std::string& name, const std::string& text) {
  if (name.empty()) return;
  if (const auto folder = std::filesystem::path(name).parent_path(); !folder.empty()) {
    std::filesystem::create_directories(folder);
  }
  std::ofstream out(name, std::ios::binary);
  if (!(out << text)) throw std::runtime_error("cannot write " + name);
}

QualityCurve run_profile(const NamedProfile& p, const std::vector<std::int16_t>& speech,
                         const QualityOptions& options, std::string& lines) {
  const EncodedTalk talk = encode_talk(speech, p.profile);
  fmt::print("\n{}: payload {:.1f} kbit/s, wire {:.1f} kbit/s\n", p.name, talk.payload_kbps,
             talk.wire_kbps);
  fmt::print("{:<14} {:>7} {:>10} {:>7} {:>9}\n", "path", "lost %", "residual %", "ESTOI",
             "delay ms");
  QualityCurve curve{p.name, {}, {}};
  const double seconds = static_cast<double>(speech.size()) / 48'000;
  for (const Path& path : all_paths()) {
    const QualityScore s = mean_of(speech, talk, path.channel, options.seeds);
    fmt::print("{:<14} {:>7.1f} {:>10.2f} {:>7.3f} {:>9.0f}\n", path.name, s.lost_percent,
               s.residual_percent, s.estoi, s.delay_ms);
    std::fflush(stdout);
    lines += line(p.name, path.name, talk, s, options.seeds, seconds).dump() + '\n';
    curve.residual_percent.push_back(s.residual_percent);
    curve.estoi.push_back(s.estoi);
  }
  return curve;
}

int run(QualityOptions options) {
  std::vector<std::int16_t> speech = recorded_speech();
  if (options.quick) {
    options.seeds = 1;
  } else {
    const std::vector<std::int16_t> once = speech;
    for (int i = 1; i < 5; ++i) speech.insert(speech.end(), once.begin(), once.end());
  }
  std::string lines;
  std::vector<QualityCurve> curves;
  for (const NamedProfile& p : kProfiles) curves.push_back(run_profile(p, speech, options, lines));
  std::vector<std::string> names;
  for (const Path& path : all_paths()) names.push_back(path.name);
  write_file(options.json, lines);
  write_file(options.svg, quality_svg(names, curves));
  return 0;
}

}  // namespace

void add_quality_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<QualityOptions>();
  CLI::App* command = app.add_subcommand(
      "quality",
      "Recorded speech over bad networks in virtual time: loss left, ESTOI, delay, rate");
  command->add_flag("--quick", options->quick, "One seed and 22 s of speech");
  command->add_option("--seeds", options->seeds)
      ->check(CLI::Range(1U, 100U))
      ->capture_default_str();
  command->add_option("--json", options->json, "JSON lines; empty: none")->capture_default_str();
  command->add_option("--svg", options->svg, "Picture; empty: none")->capture_default_str();
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace wzp::bench
