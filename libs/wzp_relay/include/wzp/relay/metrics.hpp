/// \file
/// A relay's counters in the text format of Prometheus, version 0.0.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wzp/relay/counters.hpp"
#include "wzp/relay/export.hpp"

namespace wzp::relay {

/// Writes metric families. Names, types and label names are the program's own; help and label
/// values are escaped.
class WZP_RELAY_EXPORT MetricsText {
 public:
  enum class Type : std::uint8_t { kCounter, kGauge };
  /// Begins a family; the samples that follow are of it.
  void family(std::string_view name, Type type, std::string_view help);
  void sample(std::uint64_t value);
  void sample(std::string_view label, std::string_view label_value, std::uint64_t value);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string name_;
  std::string text_;
};

/// What is so at the moment of a scrape.
struct RelayGauges {
  std::size_t active_sessions = 0;
  std::size_t active_rooms = 0;
  std::size_t unique_identities_today = 0;
};

/// Everything a relay counts. Labelled families always have all their label values.
[[nodiscard]] WZP_RELAY_EXPORT std::string relay_metrics(const RelayCounters& counters,
                                                         const RelayGauges& gauges);

}  // namespace wzp::relay
