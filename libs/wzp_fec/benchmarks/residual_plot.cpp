#include "residual_plot.hpp"

#include <cstdio>
#include <fstream>

#include "loss_simulation.hpp"
#include "svg_plot.hpp"
#include "wzp/fec/adaptive_ratio.hpp"

namespace wzp::fec::bench {
namespace {

constexpr std::uint64_t kFrames = 60000;
constexpr std::uint64_t kSeed = 20;
constexpr double kStep = 2.5;  // percent

struct ChannelKind {
  const char* name;
  double mean_burst;
};
const ChannelKind kChannels[] = {
    {"independent losses", 1}, {"bursts of mean 3 packets", 3}, {"bursts of mean 6 packets", 6}};

Outcome run(const Profile& profile, double percent, double mean_burst) {
  return simulate(profile, Channel(percent / 100, mean_burst, kSeed), kFrames);
}

Panel panel_of(const ChannelKind& kind, std::ostream& json, const std::string& environment,
               bool& right) {
  Panel panel{kind.name, "packet loss, %", "frames missing after repair, %", 50, 10, 50, 10, {}};
  panel.curves.push_back({0, false, {{0, 0}, {50, 50}}});
  const std::vector<Profile> all = profiles();
  for (std::size_t p = 0; p < all.size(); ++p) {
    Curve curve{p + 1, false, {}};
    for (double percent = 0; percent <= 50; percent += kStep) {
      const Outcome outcome = run(all[p], percent, kind.mean_burst);
      right = right && outcome.wrong == 0;
      curve.points.emplace_back(percent, 100 * outcome.residual());
      json << R"({"bench":"fec-residual","profile":")" << all[p].name << R"(","mean_burst":)"
           << kind.mean_burst << ",\"loss_percent\":" << percent
           << ",\"residual_percent\":" << 100 * outcome.residual() << ",\"frames\":" << kFrames
           << ",\"seed\":" << kSeed << ',' << environment << "}\n";
    }
    panel.curves.push_back(std::move(curve));
  }
  return panel;
}

// A frame recovered after the time one waits for it is missing all the same.
Panel delay_panel(std::ostream& json, const std::string& environment) {
  Panel panel{"10 % independent loss, by the delay allowed",
              "time from a frame's capture until it must be there, ms",
              "frames missing, %",
              450,
              50,
              12,
              2,
              {}};
  panel.curves.push_back({0, false, {{0, 10}, {450, 10}}});
  const std::vector<Profile> all = profiles();
  for (std::size_t p = 0; p < all.size(); ++p) {
    const Outcome outcome = run(all[p], 10, 1);
    Curve curve{p + 1, true, {}};
    const auto duration = static_cast<double>(all[p].frame_duration.count());
    for (std::size_t wait = 0; wait < outcome.recovered_after.size(); ++wait) {
      const double ms = static_cast<double>(wait) * duration;
      curve.points.emplace_back(ms, 100 * outcome.residual(wait));
      json << R"({"bench":"fec-delay","profile":")" << all[p].name << R"(","loss_percent":10,)"
           << "\"wait_ms\":" << ms << ",\"residual_percent\":" << 100 * outcome.residual(wait)
           << ',' << environment << "}\n";
    }
    curve.points.emplace_back(450, 100 * outcome.residual());
    panel.curves.push_back(std::move(curve));
  }
  return panel;
}

void print_table() {
  std::printf("frames missing after repair, %% (%llu frames a cell)\n%-18s %-26s",
              static_cast<unsigned long long>(kFrames), "profile", "channel");
  constexpr double kLosses[] = {5, 10, 20, 30, 40, 50};
  for (const double loss : kLosses) std::printf(" %6.0f%%", loss);
  std::printf("\n");
  for (const Profile& profile : profiles()) {
    for (const ChannelKind& kind : kChannels) {
      std::printf("%-18s %-26s", profile.name.c_str(), kind.name);
      for (const double loss : kLosses) {
        std::printf(" %7.2f", 100 * run(profile, loss, kind.mean_burst).residual());
      }
      std::printf("\n");
    }
    std::printf("%-18s %-26s", profile.name.c_str(), "independent, any-K code");
    const std::size_t k = profile.layout.frames_per_block;
    const std::size_t repair = repair_symbols_for(k, profile.layout.repair_ratio);
    for (const double loss : kLosses) {
      std::printf(" %7.2f", 100 * residual_loss(k, repair, loss / 100));
    }
    std::printf("\n");
  }
}

}  // namespace

bool plot_residual_loss(const std::string& svg_file, const std::string& json_file,
                        const std::string& environment) {
  std::ofstream json(json_file, std::ios::app);
  std::ofstream svg(svg_file);
  bool right = true;
  std::vector<Panel> panels;
  for (const ChannelKind& kind : kChannels) {
    panels.push_back(panel_of(kind, json, environment, right));
  }
  panels.push_back(delay_panel(json, environment));
  svg << svg_of(
      "What FEC leaves of packet loss",
      "Blocks of K frames + R repair packets, 60,000 frames a point, all packets of a stream "
      "over one channel",
      {"without FEC", "GOOD 5+1 (20 ms)", "DEGRADED 10+5 (40 ms)", "CATASTROPHIC 8+8 (40 ms)"},
      panels);
  print_table();
  if (svg) std::printf("plot: %s\n", svg_file.c_str());
  return right && static_cast<bool>(svg);
}

}  // namespace wzp::fec::bench
