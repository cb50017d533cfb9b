// The text that monitoring reads.
#include "wzp/relay/metrics.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>
#include <sstream>

using namespace wzp::relay;

namespace {

/// A histogram's samples have endings of their own behind the family's name.
std::string family_of(const std::string& id, const std::set<std::string>& typed) {
  const std::string name = id.substr(0, id.find('{'));
  for (const std::string ending : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(ending)) continue;
    const std::string family = name.substr(0, name.size() - ending.size());
    if (typed.count(family) != 0) return family;
  }
  return name;
}

}  // namespace

TEST_CASE("a histogram counts upwards to infinity, a value on a bound belongs to it") {
  Histogram<2> values(std::array{0.5, 2.5});
  for (const double v : {0.25, 0.5, 0.75, 3.0}) values.observe(v);
  MetricsText out;
  out.histogram("d_seconds", "d", values);
  CHECK(out.text() ==
        "# HELP d_seconds d\n# TYPE d_seconds histogram\nd_seconds_bucket{le=\"0.5\"} 2\n"
        "d_seconds_bucket{le=\"2.5\"} 3\nd_seconds_bucket{le=\"+Inf\"} 4\n"
        "d_seconds_sum 4.5\nd_seconds_count 4\n");
}

TEST_CASE("the latest quality report of a session is shown in per cent and milliseconds") {
  RelayGauges gauges;
  CHECK(relay_metrics({}, gauges).find("session_") == std::string::npos);
  gauges.sessions.push_back({"sess-abc", {128, 25, 0, 0}});
  const std::string text = relay_metrics({}, gauges);
  CHECK(text.find("\nwzp_relay_session_rtt_ms{session_id=\"sess-abc\"} 100\n") !=
        std::string::npos);
  CHECK(text.find("\nwzp_relay_session_loss_pct{session_id=\"sess-abc\"} 50.19") !=
        std::string::npos);
}

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
  const std::string text = relay_metrics(counters, {16, 17, 18, {}, false, {}});
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
      CHECK(typed.count(family_of(id, typed)) == 1);
    }
  }
  CHECK(series.size() >= 40);
}
