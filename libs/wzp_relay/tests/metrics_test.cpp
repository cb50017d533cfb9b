// The text that monitoring reads.
#include "wzp/relay/metrics.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>
#include <sstream>

using namespace wzp::relay;

TEST_CASE("a family is its help, its type and its samples, with everything escaped") {
  MetricsText out;
  out.family("a_total", MetricsText::Type::kCounter, "two\nlines, a \\ and \"quotes\"");
  out.sample(7);
  out.family("b", MetricsText::Type::kGauge, "gauge");
  out.sample("who", "a\"b\\c\nd", 18446744073709551615U);
  CHECK(out.text() ==
        "# HELP a_total two\\nlines, a \\\\ and \"quotes\"\n# TYPE a_total counter\na_total 7\n"
        "# HELP b gauge\n# TYPE b gauge\nb{who=\"a\\\"b\\\\c\\nd\"} 18446744073709551615\n");
}

TEST_CASE("a relay's metrics carry the reference's names, drops by cause and ends by reason") {
  RelayCounters counters;
  counters.media_forwarded = 11;
  counters.media_bytes_forwarded = 12;
  counters.media_limited = 13;
  counters.signals_unknown = 14;
  counters.ended[static_cast<std::size_t>(EndReason::kPongTimeout)] = 15;
  const std::string text = relay_metrics(counters, {16, 17, 18});
  for (const char* line : {
           "wzp_relay_active_sessions 16",
           "wzp_relay_active_rooms 17",
           "wzp_relay_unique_clients_today 18",
           "wzp_relay_packets_forwarded_total 11",
           "wzp_relay_bytes_forwarded_total 12",
           "wzp_relay_packets_dropped_total{cause=\"rate_limited\"} 13",
           "wzp_relay_signals_dropped_total{cause=\"unknown\"} 14",
           "wzp_relay_disconnects_total{reason=\"pong_timeout\"} 15",
           "wzp_relay_disconnects_total{reason=\"hung_up\"} 0",
       }) {
    CAPTURE(line);
    CHECK(text.find("\n" + std::string(line) + "\n") != std::string::npos);
  }
}

TEST_CASE("no series appears twice, and each has its type before it") {
  std::istringstream lines(relay_metrics({}, {}));
  std::set<std::string> series;
  std::set<std::string> typed;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      CHECK(typed.insert(line.substr(7, line.find(' ', 7) - 7)).second);
    } else if (!line.starts_with('#')) {
      const std::string id = line.substr(0, line.rfind(' '));
      CHECK(series.insert(id).second);
      CHECK(typed.count(id.substr(0, id.find('{'))) == 1);
    }
  }
  CHECK(series.size() >= 40);
}
