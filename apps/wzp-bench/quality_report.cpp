#include "quality_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace wzp::bench {
namespace {

using client::MediaProfile;

constexpr MediaProfile kProfiles[] = {MediaProfile::kGood, MediaProfile::kDegraded,
                                      MediaProfile::kRescue};
constexpr Mode kModes[] = {Mode::kMedia2, Mode::kLegacy, Mode::kReference};

const QualityCell* find(const std::vector<QualityCell>& cells, MediaProfile profile, Mode mode,
                        const std::string& path) {
  for (const auto& cell : cells) {
    if (cell.profile == profile && cell.mode == mode && cell.path == path) return &cell;
  }
  return nullptr;
}

std::vector<std::string> paths_of(const std::vector<QualityCell>& cells) {
  std::vector<std::string> paths;
  for (const auto& cell : cells) {
    if (std::find(paths.begin(), paths.end(), cell.path) == paths.end()) paths.push_back(cell.path);
  }
  return paths;
}

std::string cell_text(const QualityCell* cell) {
  if (cell == nullptr) return "";
  const QualityScore& s = cell->score;
  return fmt::format("{:.2f} % / {:.3f} / {:.1f} dB / {:.0f} ms / {:.0f}", s.residual_percent,
                     s.estoi, s.mel_db, s.delay_ms, s.r);
}

std::string profile_table(const std::vector<QualityCell>& cells, MediaProfile profile) {
  std::string out = fmt::format("\n**{}**", client::name(profile));
  for (const Mode mode : {Mode::kLegacy, Mode::kReference}) {
    for (const auto& cell : cells) {
      if (cell.profile != profile || cell.mode != mode) continue;
      out += fmt::format("; {}: {}, {:.1f} kbit/s", name(mode), cell.setting, cell.wire_kbps);
      break;
    }
  }
  out +=
      "\n\n| path | media/2 sends | kbit/s | media/2 | legacy | reference "
      "|\n|---|---|---|---|---|---|\n";
  for (const auto& path : paths_of(cells)) {
    const QualityCell* ours = find(cells, profile, Mode::kMedia2, path);
    out += fmt::format("| {} | {} | {} |", path, ours ? ours->setting : "",
                       ours ? fmt::format("{:.1f}", ours->wire_kbps) : "");
    for (const Mode mode : kModes) {
      out += fmt::format(" {} |", cell_text(find(cells, profile, mode, path)));
    }
    out += '\n';
  }
  return out;
}

struct Target {
  const char* what;
  const char* path;
  double QualityScore::*score;  // or
  double QualityCell::*cell;
  double goals[3];
  bool at_least;
  const char* unit;
};

constexpr Target kTargets[] = {
    {"wire, clean", "clean", nullptr, &QualityCell::wire_kbps, {37, 17, 6}, false, " kbit/s"},
    {"wire, 20 % loss",
     "iid 20 %",
     nullptr,
     &QualityCell::wire_kbps,
     {50, 33, 8},
     false,
     " kbit/s"},
    {"residual loss at 10 %",
     "iid 10 %",
     &QualityScore::residual_percent,
     nullptr,
     {0.1, 0.1, 0.1},
     false,
     " %"},
    {"residual loss at 20 %",
     "iid 20 %",
     &QualityScore::residual_percent,
     nullptr,
     {1, 1, 1},
     false,
     " %"},
    {"residual loss at 30 %",
     "iid 30 %",
     &QualityScore::residual_percent,
     nullptr,
     {3, 3, 3},
     false,
     " %"},
    {"residual loss, bursts of 60 ms, 20 %",
     "bursts of 60 ms, 20 %",
     &QualityScore::residual_percent,
     nullptr,
     {4, 4, 1.5},
     false,
     " %"},
    {"added delay, clean",
     "clean",
     nullptr,
     &QualityCell::added_delay_ms,
     {60, 180, 400},
     false,
     " ms"},
    {"added delay, 20 % loss",
     "iid 20 %",
     nullptr,
     &QualityCell::added_delay_ms,
     {160, 180, 400},
     false,
     " ms"},
    {"ESTOI at 20 %", "iid 20 %", &QualityScore::estoi, nullptr, {0.94, 0.88, 0.69}, true, ""},
    {"ESTOI at 40 %", "iid 40 %", &QualityScore::estoi, nullptr, {0.90, 0.84, 0.64}, true, ""},
};

std::string target_text(const Target& t, const QualityCell* cell, double goal) {
  if (cell == nullptr) return "";
  const double value = t.score != nullptr ? cell->score.*t.score : cell->*t.cell;
  const bool met = t.at_least ? value >= goal : value <= goal;
  return fmt::format("{:.3g}{} ({} {:g}){}", value, t.unit, t.at_least ? "≥" : "≤", goal,
                     met ? "" : " **missed**");
}

}  // namespace

std::string json_line(const QualityCell& cell) {
  const QualityScore& s = cell.score;
  const nlohmann::ordered_json line{{"bench", "quality"},
                                    {"mode", name(cell.mode)},
                                    {"profile", client::name(cell.profile)},
                                    {"path", cell.path},
                                    {"setting", cell.setting},
                                    {"seeds", cell.seeds},
                                    {"speech_s", cell.speech_s},
                                    {"wire_kbps", cell.wire_kbps},
                                    {"codec_kbps", cell.codec_kbps},
                                    {"added_delay_ms", cell.added_delay_ms},
                                    {"lost_percent", s.lost_percent},
                                    {"residual_percent", s.residual_percent},
                                    {"late_percent", s.late_percent},
                                    {"estoi", s.estoi},
                                    {"mel_db", s.mel_db},
                                    {"delay_ms", s.delay_ms},
                                    {"r", s.r}};
  return line.dump() + '\n';
}

QualityCell parse_json_line(const std::string& text) {
  const auto line = nlohmann::json::parse(text);
  QualityCell cell;
  for (const Mode mode : kModes) {
    if (line.at("mode") == name(mode)) cell.mode = mode;
  }
  for (const MediaProfile profile : kProfiles) {
    if (line.at("profile") == client::name(profile)) cell.profile = profile;
  }
  cell.path = line.at("path");
  const auto paths = all_quality_paths();
  const auto path = std::find_if(paths.begin(), paths.end(),
                                 [&](const QualityPath& p) { return p.name == cell.path; });
  if (path == paths.end()) throw std::runtime_error("no such path: " + cell.path);
  cell.loss_percent = path->loss_percent;
  cell.is_independent = path->is_independent;
  cell.setting = line.at("setting");
  cell.wire_kbps = line.at("wire_kbps");
  cell.codec_kbps = line.at("codec_kbps");
  cell.added_delay_ms = line.at("added_delay_ms");
  cell.seeds = line.at("seeds");
  cell.speech_s = line.at("speech_s");
  cell.score = {line.at("lost_percent"),
                line.at("residual_percent"),
                line.at("late_percent"),
                line.at("estoi"),
                line.at("mel_db"),
                line.at("delay_ms"),
                line.at("r")};
  cell.score.r = conversation_r(cell.score.estoi, cell.score.delay_ms);
  return cell;
}

std::string markdown_tables(const std::vector<QualityCell>& cells) {
  std::string out;
  for (const MediaProfile profile : kProfiles) {
    const bool any = std::any_of(cells.begin(), cells.end(),
                                 [&](const auto& cell) { return cell.profile == profile; });
    if (any) out += profile_table(cells, profile);
  }
  return out;
}

std::string markdown_targets(const std::vector<QualityCell>& cells) {
  std::string out = "| media/2 | Good | Degraded | Rescue |\n|---|---|---|---|\n";
  for (const Target& t : kTargets) {
    out += fmt::format("| {} |", t.what);
    for (std::size_t i = 0; i < std::size(kProfiles); ++i) {
      const QualityCell* cell = find(cells, kProfiles[i], Mode::kMedia2, t.path);
      out += fmt::format(" {} |", target_text(t, cell, t.goals[i]));
    }
    out += '\n';
  }
  return out;
}

}  // namespace wzp::bench
