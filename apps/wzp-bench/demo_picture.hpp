/// \file
/// The demo's picture: what was said, what was heard, and where each piece of it came from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wzp/client/playout_map.hpp"

namespace wzp::bench {

struct DemoPicture {
  std::string title;
  std::span<const std::int16_t> sent;
  std::span<const std::int16_t> received;
  /// Samples by which `received` is later than `sent`.
  std::ptrdiff_t lag = 0;
  /// Origin of each 20 ms of `received`, from its start.
  std::vector<client::PlayoutOrigin> origins;

  [[nodiscard]] std::string to_svg() const;
};

}  // namespace wzp::bench
