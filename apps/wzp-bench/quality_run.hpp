/// \file
/// One cell of the quality matrix: a talk through a bad path and the real receiver, scored.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quality_paths.hpp"
#include "quality_talk.hpp"

namespace wzp::bench {

struct QualityScore {
  double lost_percent = 0;      ///< Packets with speech that the path lost.
  double residual_percent = 0;  ///< Of what was played, concealed.
  double late_percent = 0;      ///< Frames that came after their moment.
  double estoi = 0;
  double mel_db = 0;    ///< Mel log-spectral distance.
  double delay_ms = 0;  ///< From mouth to ear, the path's included; mean.
  double r = 0;         ///< conversation_r() of the two.
};

/// The E-model's R of a conversation: 93.2, less 200 points per ESTOI missing from 0.975, less what
/// ITU-T G.107 takes for the delay; at least 0.
[[nodiscard]] double conversation_r(double estoi, double delay_ms);

struct QualityRun {
  QualityScore score;
  std::vector<std::int16_t> heard;  ///< 48 kHz.
};

/// Pieces of half a second of the speech are compared with what was heard of them, at the delay the
/// receiver says it had in their middle.
[[nodiscard]] QualityRun run_talk(std::span<const std::int16_t> speech, const Talk& talk,
                                  const QualityPath& path, std::uint64_t seed);

}  // namespace wzp::bench
