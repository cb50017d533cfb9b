// What the documents say about metrics, compared with a real scrape of a relay in use.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "http_test_client.hpp"
#include "live_relay.hpp"
#include "quic_test_peer.hpp"
#include "web_socket_test_client.hpp"
#include "wzp/crypto/room_hash.hpp"

using namespace wzp;
using namespace wzp::gateway::test;
using nlohmann::json;

namespace {

std::string document(const std::string& path) {
  std::ifstream in(std::string(WZP_SOURCE_DIR) + "/" + path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex wanted(pattern);
  std::set<std::string> out;
  for (auto m = std::sregex_iterator(text.begin(), text.end(), wanted); m != std::sregex_iterator();
       ++m) {
    out.insert((*m)[1]);
  }
  return out;
}

/// A relay that has seen one of everything: a browser, a native client with a quality report.
std::string scrape_of_a_relay_in_use() {
  LiveRelay relay;
  boost::asio::io_context io;
  WebSocketTestClient browser(io, relay.web_port, "/ws/test");
  REQUIRE(browser.wait_for([&] { return !browser.texts.empty(); }));
  QuicTestPeer native(io, relay.quic_port, crypto::room_hash("test"));
  native.offer();
  REQUIRE(native.wait_for([&] { return native.has<proto::CallAnswer>(); }));
  std::vector<std::byte> packet(40);
  packet[0] = std::byte{0x02};  // with a quality report
  packet[37] = std::byte{25};
  native.send_datagram(packet);
  std::string scrape;
  REQUIRE(native.wait_for([&] {
    scrape = fetch(relay.admin_port, "/metrics").body;
    return scrape.find("wzp_relay_session_rtt_ms{") != std::string::npos;
  }));
  return scrape;
}

const std::string& scrape() {
  static const std::string text = scrape_of_a_relay_in_use();
  return text;
}

std::set<std::string> families() { return matches(scrape(), "# TYPE ([a-z0-9_]+) "); }

/// All names of series, those of a histogram's parts included.
std::set<std::string> series() { return matches("\n" + scrape(), "\n([a-z0-9_]+)[{ ]"); }

}  // namespace

TEST_CASE("docs/telemetry.md lists every metric of a real scrape, and no other") {
  const auto documented =
      matches(document("docs/telemetry.md"), "\n\\| `((?:wzp|process)_[a-z0-9_]+)`");
  for (const std::string& name : families()) {
    CAPTURE(name);
    CHECK(documented.count(name) == 1);
  }
  for (const std::string& name : documented) {
    CAPTURE(name);
    CHECK(families().count(name) == 1);
  }
  CHECK(documented.size() >= 50);
}

TEST_CASE("the metrics table also has every label value") {
  const std::string text = document("docs/telemetry.md");
  for (const std::string& value :
       matches(scrape(), "\\{(?:cause|reason|kind|result|direction|server)=\"([^\"]+)\"")) {
    CAPTURE(value);
    CHECK(text.find('`' + value + '`') != std::string::npos);
  }
}

TEST_CASE("every query of the dashboard finds its metrics in a real scrape") {
  const json board = json::parse(document("docs/grafana-dashboard.json"));
  CHECK(board["title"] == "WarzonePhone Relay Dashboard");
  CHECK(board["uid"] == "wzp-relay-v1");
  std::set<int> ids;
  std::size_t panels = 0;
  for (const json& panel : board["panels"]) {
    CAPTURE(panel["title"].get<std::string>());
    CHECK(ids.insert(panel["id"].get<int>()).second);
    if (panel["type"] == "row") continue;
    ++panels;
    CHECK(panel["gridPos"]["x"].get<int>() + panel["gridPos"]["w"].get<int>() <= 24);
    REQUIRE_FALSE(panel["targets"].empty());
    for (const json& target : panel["targets"]) {
      const auto query = target["expr"].get<std::string>();
      CAPTURE(query);
      const auto names = matches(query, "((?:wzp|process)_[a-z0-9_]+)");
      CHECK_FALSE(names.empty());
      for (const std::string& name : names) {
        CAPTURE(name);
        CHECK(series().count(name) == 1);
      }
    }
  }
  CHECK(panels >= 18);
}

TEST_CASE("every alert looks at metrics that exist, and has a text for people") {
  const std::string rules = document("ops/prometheus-alerts.yml");
  const auto names = matches(rules, "((?:wzp|process)_[a-z0-9_]+)");
  CHECK(names.size() >= 8);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(series().count(name) == 1);
  }
  const auto count = [&](const char* word) {
    const std::regex wanted(word);
    return std::distance(std::sregex_iterator(rules.begin(), rules.end(), wanted),
                         std::sregex_iterator());
  };
  CHECK(count("- alert: ") >= 8);
  CHECK(count("- alert: ") == count("summary: "));
  CHECK(count("- alert: ") == count("severity: "));
}
