/// \file
/// A relay's counters in the text format of Prometheus, version 0.0.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/relay/counters.hpp"
#include "wzp/relay/export.hpp"
#include "wzp/relay/histogram.hpp"
#include "wzp/relay/relay.hpp"

namespace wzp::relay {

/// Writes metric families. Names, types and label names are the program's own; help and label
/// values are escaped.
class WZP_RELAY_EXPORT MetricsText {
 public:
  enum class Type : std::uint8_t { kCounter, kGauge, kHistogram };
  /// Begins a family; the samples that follow are of it.
  void family(std::string_view name, Type type, std::string_view help);
  void sample(std::uint64_t value);
  void sample(std::string_view label, std::string_view label_value, std::uint64_t value);
  void real_sample(double value);
  void real_sample(std::string_view label, std::string_view label_value, double value);
  /// The whole family.
  template <std::size_t N>
  void histogram(std::string_view name, std::string_view help, const Histogram<N>& values) {
    write_histogram(name, help, values.bounds(), values.counts(), values.sum());
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  void write_histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                       std::span<const std::uint64_t> counts, double sum);

  std::string name_;
  std::string text_;
};

/// What is so at the moment of a scrape.
struct RelayGauges {
  std::size_t active_sessions = 0;
  std::size_t active_rooms = 0;
  std::size_t unique_identities_today = 0;
  ParticipantKinds kinds;
  bool is_draining = false;
  std::vector<SessionQuality> sessions;  ///< Those that sent a report.
};

/// Everything a relay counts. Labelled families always have all their label values.
[[nodiscard]] WZP_RELAY_EXPORT RelayGauges gauges_of(const Relay& relay);
[[nodiscard]] WZP_RELAY_EXPORT std::string relay_metrics(const RelayCounters& counters,
                                                         const RelayGauges& gauges);

}  // namespace wzp::relay
