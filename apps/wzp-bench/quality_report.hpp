/// \file
/// The quality matrix as tables and JSON lines.
#pragma once

#include <string>
#include <vector>

#include "quality_run.hpp"

namespace wzp::bench {

/// Means over the seeds.
struct QualityCell {
  client::MediaProfile profile = client::MediaProfile::kGood;
  Mode mode = Mode::kMedia2;
  std::string path;
  double loss_percent = 0;  ///< The path's, in the long run.
  bool is_independent = false;
  std::string setting;
  double wire_kbps = 0;
  double codec_kbps = 0;
  double added_delay_ms = 0;  ///< Packet and redundancy.
  unsigned seeds = 0;
  double speech_s = 0;
  QualityScore score;
};

/// One JSON object and a newline.
[[nodiscard]] std::string json_line(const QualityCell& cell);
/// A cell of such a line. Throws std::runtime_error if it is not one, or of an unknown path.
[[nodiscard]] QualityCell parse_json_line(const std::string& line);
/// One table per profile, in Markdown: a row per path, the modes side by side.
[[nodiscard]] std::string markdown_tables(const std::vector<QualityCell>& cells);
/// The goals, each beside what was measured of media/2. Cells that were not run are left out.
[[nodiscard]] std::string markdown_targets(const std::vector<QualityCell>& cells);

}  // namespace wzp::bench
