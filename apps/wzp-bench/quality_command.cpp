#include "quality_command.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>

#include "quality_picture.hpp"
#include "quality_report.hpp"
#include "speech.hpp"
#include "wzp/client/audio_file.hpp"

namespace wzp::bench {
namespace {

using client::MediaProfile;

struct QualityOptions {
  bool quick = false;
  unsigned seeds = 4;
  std::string json = "benchmarks/results/quality.jsonl";
  std::string markdown = "benchmarks/results/quality.md";
  std::string svg = "docs/quality.svg";
  std::string wav;
  std::vector<std::string> earlier;
  std::string mode;
  std::string profile;
  std::string path;
};

void write_file(const std::string& name, const std::string& text) {
  if (name.empty()) return;
  if (const auto folder = std::filesystem::path(name).parent_path(); !folder.empty()) {
    std::filesystem::create_directories(folder);
  }
  std::ofstream out(name, std::ios::binary);
  if (!(out << text)) throw std::runtime_error("cannot write " + name);
}

bool is_wanted(const std::string& filter, std::string_view name) {
  return filter.empty() || name.find(filter) != std::string_view::npos;
}

/// Talks differ only by their setting, and paths often share one.
class Talks {
 public:
  explicit Talks(std::span<const std::int16_t> speech) : speech_(speech) {}

  const Talk& get(Mode mode, MediaProfile profile, const QualityPath& path) {
    if (mode != Mode::kMedia2) {
      const auto legacy = legacy_profile(profile);
      const std::string key = fmt::format("{} {}", name(mode), client::name(profile));
      return remember(key, [&] { return plain_talk(mode, speech_, legacy); });
    }
    const client::PlanLimits limits = client::limits_of(profile);
    const Duration packets_apart = client::plan_media({}, limits).packet_time();
    const auto plan = client::plan_media(path.estimate(packets_apart), limits);
    return remember(describe(plan), [&] { return media2_talk(speech_, plan); });
  }

 private:
  template <class Make>
  const Talk& remember(const std::string& key, Make make) {
    const auto found = talks_.find(key);
    return found != talks_.end() ? found->second : talks_.emplace(key, make()).first->second;
  }

  std::span<const std::int16_t> speech_;
  std::map<std::string, Talk> talks_;
};

void add(QualityScore& sum, const QualityScore& one, double weight) {
  sum.lost_percent += one.lost_percent * weight;
  sum.residual_percent += one.residual_percent * weight;
  sum.late_percent += one.late_percent * weight;
  sum.estoi += one.estoi * weight;
  sum.mel_db += one.mel_db * weight;
  sum.delay_ms += one.delay_ms * weight;
  sum.r += one.r * weight;
}

void write_heard(const std::string& folder, const QualityCell& cell,
                 std::span<const std::int16_t> heard) {
  std::string file =
      fmt::format("{}-{}-{}.wav", client::name(cell.profile), name(cell.mode), cell.path);
  for (char& c : file) {
    if (c == ' ' || c == '/' || c == '%' || c == ',') c = '_';
  }
  std::filesystem::create_directories(folder);
  const auto saved =
      client::save_audio_file((std::filesystem::path(folder) / file).string(), heard);
  if (!saved) throw std::runtime_error(saved.error().message);
}

QualityCell run_cell(std::span<const std::int16_t> speech, const Talk& talk,
                     const QualityPath& path, MediaProfile profile, const QualityOptions& options) {
  QualityCell cell;
  cell.profile = profile;
  cell.mode = talk.mode;
  cell.path = path.name;
  cell.loss_percent = path.loss_percent;
  cell.is_independent = path.is_independent;
  cell.setting = talk.setting;
  cell.wire_kbps = talk.wire_kbps;
  cell.codec_kbps = talk.codec_kbps;
  cell.added_delay_ms = std::chrono::duration<double, std::milli>(talk.added_delay).count();
  cell.seeds = options.seeds;
  cell.speech_s = static_cast<double>(speech.size()) / 48'000;
  for (unsigned seed = 1; seed <= options.seeds; ++seed) {
    const QualityRun run = run_talk(speech, talk, path, seed);
    add(cell.score, run.score, 1.0 / options.seeds);
    if (seed == 1 && !options.wav.empty()) write_heard(options.wav, cell, run.heard);
  }
  return cell;
}

void print(const QualityCell& cell) {
  const QualityScore& s = cell.score;
  fmt::print(
      "{:<9} {:<9} {:<26} {:<26} {:>5.1f} {:>6.1f} {:>7.2f} {:>6.2f} {:>6.3f} {:>5.1f} {:>5.0f} "
      "{:>4.0f}\n",
      client::name(cell.profile), name(cell.mode), cell.path, cell.setting, cell.wire_kbps,
      s.lost_percent, s.residual_percent, s.late_percent, s.estoi, s.mel_db, s.delay_ms, s.r);
  std::fflush(stdout);
}

/// About 110 s: all recordings twice.
std::vector<std::int16_t> speech_for(const QualityOptions& options) {
  if (options.quick) return recorded_speech();
  std::vector<std::int16_t> speech = more_recorded_speech();
  const std::vector<std::int16_t> once = speech;
  speech.insert(speech.end(), once.begin(), once.end());
  return speech;
}

void read_cells(const std::string& file, std::vector<QualityCell>& cells) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  for (std::string line; std::getline(in, line);) cells.push_back(parse_json_line(line));
}

/// Adds what is measured now to `cells` and gives its JSON lines.
std::string measure(const QualityOptions& options, std::vector<QualityCell>& cells) {
  const std::vector<std::int16_t> speech = speech_for(options);
  Talks talks(speech);
  std::string lines;
  for (const auto profile : {MediaProfile::kGood, MediaProfile::kDegraded, MediaProfile::kRescue}) {
    if (!is_wanted(options.profile, client::name(profile))) continue;
    for (const Mode mode : {Mode::kMedia2, Mode::kLegacy, Mode::kReference}) {
      if (!is_wanted(options.mode, name(mode))) continue;
      for (const QualityPath& path : all_quality_paths()) {
        if (!is_wanted(options.path, path.name)) continue;
        cells.push_back(run_cell(speech, talks.get(mode, profile, path), path, profile, options));
        print(cells.back());
        lines += json_line(cells.back());
      }
    }
  }
  return lines;
}

int run(QualityOptions options) {
  if (options.quick) options.seeds = 1;
  std::vector<QualityCell> cells;
  for (const auto& file : options.earlier) read_cells(file, cells);
  fmt::print("{:<9} {:<9} {:<26} {:<26} {:>5} {:>6} {:>7} {:>6} {:>6} {:>5} {:>5} {:>4}\n",
             "profile", "mode", "path", "setting", "kbps", "lost%", "resid%", "late%", "ESTOI",
             "mel", "ms", "R");
  const std::string lines =
      options.earlier.empty() || !options.mode.empty() ? measure(options, cells) : std::string();
  write_file(options.json, lines);
  write_file(options.markdown, markdown_targets(cells) + markdown_tables(cells));
  write_file(options.svg, quality_svg(cells));
  return 0;
}

void add_outputs(CLI::App& command, QualityOptions& options) {
  command.add_option("--json", options.json, "JSON lines; empty: none")->capture_default_str();
  command.add_option("--markdown", options.markdown, "Tables; empty: none")->capture_default_str();
  command.add_option("--svg", options.svg, "Picture; empty: none")->capture_default_str();
  command.add_option("--with", options.earlier,
                     "JSON lines of earlier runs for tables and picture; without --mode nothing is "
                     "measured");
  command.add_option("--wav", options.wav, "Folder for what was heard with the first seed");
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
  command->add_option("--mode", options->mode, "Only modes with this in their name");
  command->add_option("--profile", options->profile, "Only profiles with this in their name");
  command->add_option("--path", options->path, "Only paths with this in their name");
  add_outputs(*command, *options);
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace wzp::bench
