// wzp-relay as an operator runs it: settings from everywhere, signals, logs, metrics; a real
// process and real sockets.
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "child_process.hpp"
#include "wzp/relay/config.hpp"
#include "wzp/transport/certificate.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using wzp::bench::ChildProcess;
namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace relay = wzp::relay;

namespace {

std::string program(const char* name) { return std::string(WZP_PROGRAMS_DIR) + "/" + name; }

struct Scratch {
  Scratch() : path(fs::temp_directory_path() / ("wzp-relay-program-" + std::to_string(getpid()))) {
    fs::create_directories(path);
  }
  ~Scratch() { fs::remove_all(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return (path / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return file(name);
  }
  void write_certificate(const char* name) const {
    const auto certificate = wzp::transport::make_self_signed_certificate(name);
    write("cert.pem", certificate.certificate_pem);
    write("key.pem", certificate.key_pem);
  }
  fs::path path;
};

std::string after(const std::string& line, const std::string& word) {
  const std::size_t start = line.find(word) + word.size();
  return line.substr(start, line.find(' ', start) - start);
}

std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

/// A relay with both TCP ports, and text in its log.
struct LiveProgram {
  explicit LiveProgram(std::vector<std::string> more = {}) : process(arguments(std::move(more))) {
    const auto admin_line = process.wait_for_line("administration address=", 10s);
    REQUIRE(admin_line);
    admin = port_of(after(*admin_line, "address="));
    const auto web_line = process.wait_for_line("web address=", 10s);
    REQUIRE(web_line);
    web = port_of(after(*web_line, "address="));
    const auto line = process.wait_for_line("listening on ", 10s);
    REQUIRE(line);
    address = after(*line, "listening on ");
  }
  static std::vector<std::string> arguments(std::vector<std::string> more) {
    std::vector<std::string> out{
        program("wzp-relay"), "--listen", "127.0.0.1:0", "--metrics-port", "0", "--ws-port", "0"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  ChildProcess process;
  std::uint16_t admin = 0;
  std::uint16_t web = 0;
  std::string address;
};

/// The status and, after a blank line, the body.
std::string get(std::uint16_t port, const std::string& path) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  asio::write(socket,
              asio::buffer("GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
  std::string reply;
  boost::system::error_code end;
  asio::read(socket, asio::dynamic_buffer(reply), end);
  return reply.substr(reply.find(' ') + 1, 3) + reply.substr(reply.find("\r\n\r\n"));
}

/// Whom the certificate of a port is made out to.
std::string certificate_name(std::uint16_t port) {
  asio::io_context io;
  asio::ssl::context tls(asio::ssl::context::tls_client);
  asio::ssl::stream<asio::ip::tcp::socket> stream(io, tls);
  stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
  stream.handshake(asio::ssl::stream_base::client);
  X509* certificate = SSL_get1_peer_certificate(stream.native_handle());
  char name[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  X509_free(certificate);
  return name;
}

/// A value the setting does not have by default.
std::string other_value(const relay::ConfigKey& key) {
  if (key.is_number()) return std::to_string(key.max - 1);
  if (!key.choices.empty()) return std::string(key.choices.substr(key.choices.rfind(' ') + 1));
  return "127.0.0.9";
}

std::string value_in(const std::string& toml, const relay::ConfigKey& key) {
  const std::string line = "\n" + std::string(key.name) + " = ";
  const std::string text = "\n" + toml;
  const std::size_t at = text.find(line);
  if (at == std::string::npos) return "missing";
  std::string value = text.substr(at + line.size());
  value.resize(value.find('\n'));
  std::erase(value, '"');
  std::erase(value, '\'');
  return value;
}

std::string checked(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{program("wzp-relay"), "--check-config"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  ChildProcess process(all);
  REQUIRE(process.wait_for_exit(10s));
  return process.output();
}

}  // namespace

TEST_CASE("every setting has a flag and a variable, and the flag goes before it") {
  for (const relay::ConfigKey& key : relay::config_keys()) {
    CAPTURE(key.name);
    const std::string value = other_value(key);
    const std::string by_default = key.get(relay::Config());
    const std::string variable = relay::environment_name(key);
    setenv(variable.c_str(), value.c_str(), 1);
    CHECK(value_in(checked({}), key) == value);
    if (!by_default.empty()) {
      CHECK(value_in(checked({relay::flag_name(key), by_default}), key) == by_default);
    }
    unsetenv(variable.c_str());
    CHECK(value_in(checked({relay::flag_name(key), value}), key) == value);
  }
}

TEST_CASE("a file is below the environment, and checked for what a relay could not use") {
  const Scratch scratch;
  const std::string file = scratch.write("relay.toml", "max_sessions = 5\nmax_room_size = 6\n");
  setenv("WZP_RELAY_CONFIG", file.c_str(), 1);
  setenv("WZP_RELAY_MAX_SESSIONS", "7", 1);
  const std::string out = checked({});
  unsetenv("WZP_RELAY_MAX_SESSIONS");
  unsetenv("WZP_RELAY_CONFIG");
  CHECK(out.find("max_sessions = 7\n") != std::string::npos);
  CHECK(out.find("max_room_size = 6\n") != std::string::npos);

  struct Row {
    std::vector<std::string> arguments;
    const char* says;
  };
  const Row rows[] = {
      {{"--tls-cert", "/nonexistent.pem"}, "expected both or neither"},
      {{"--tls-cert", "/nonexistent.pem", "--tls-key", "/nonexistent.pem"}, "/nonexistent.pem"},
      {{"--static-dir", "/nonexistent"}, "expected a folder"},
      {{"--auth-url", "ftp://x"}, "auth_url: expected http://"},
      {{"--auth-url", "https://x", "--auth-ca-file", "/nonexistent.pem"}, "auth_ca_file"},
      {{"--metrics-address", "localhost"}, "metrics_address: expected an IP address"},
      {{"--ws-port", "65536"}, "--ws-port: ws_port: expected a whole number"},
      {{"--config", "/nonexistent.toml"}, "cannot read /nonexistent.toml"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.says);
    std::vector<std::string> all{program("wzp-relay"), "--check-config"};
    all.insert(all.end(), row.arguments.begin(), row.arguments.end());
    ChildProcess process(all);
    const auto code = process.wait_for_exit(10s);
    CHECK((code == 1 || code == 2));
    CHECK(process.output().find(row.says) != std::string::npos);
  }
}

TEST_CASE("a port that is taken is one clear line") {
  LiveProgram first;
  ChildProcess second({program("wzp-relay"), "--listen", "127.0.0.1:0", "--metrics-port",
                       std::to_string(first.admin)});
  CHECK(second.wait_for_exit(10s) == 1);
  CHECK(second.output().find("metrics_port: cannot listen on TCP 127.0.0.1:") != std::string::npos);
}

TEST_CASE("SIGHUP reads certificates, limits, lists of rooms and the log level again") {
  const Scratch scratch;
  scratch.write_certificate("first.test");
  const std::string files = "tls_cert = '" + scratch.file("cert.pem") + "'\ntls_key = '" +
                            scratch.file("key.pem") + "'\nws_address = '127.0.0.1'\n";
  scratch.write("relay.toml", files);
  LiveProgram live({"--config", scratch.file("relay.toml")});
  CHECK(certificate_name(live.web) == "first.test");

  // A file that makes no sense changes nothing.
  scratch.write("relay.toml", files + "max_sessions = 'many'\n");
  live.process.hang_up();
  REQUIRE(live.process.wait_for_line("reload failed", 10s));
  CHECK(certificate_name(live.web) == "first.test");

  scratch.write_certificate("second.test");
  scratch.write("relay.toml", files +
                                  "max_room_size = 1\nlisten = '127.0.0.1:1'\nlog_format = 'json'\n"
                                  "[acl]\nclosed = []\n");
  live.process.hang_up();
  REQUIRE(live.process.wait_for_line("a new start is needed for setting=log_format", 10s));
  REQUIRE(live.process.wait_for_line("reloaded", 10s));
  CHECK(certificate_name(live.web) == "second.test");
  CHECK(live.process.output().find("setting=listen") == std::string::npos);  // a flag, as before

  ChildProcess denied({program("wzp-client"), live.address, "--room", "closed"});
  CHECK(denied.wait_for_exit(10s) == 1);
  CHECK(denied.output().find("not authorized for this room") != std::string::npos);
  ChildProcess member({program("wzp-client"), live.address, "--room", "open"});
  REQUIRE(member.wait_for_line("in the room", 10s));
  ChildProcess too_many({program("wzp-client"), live.address, "--room", "open"});
  CHECK(too_many.wait_for_exit(10s) == 1);
  CHECK(too_many.output().find("the room is full") != std::string::npos);

  scratch.write("relay.toml", files + "log_level = 'warn'\n");
  live.process.hang_up();
  REQUIRE(live.process.wait_for_line("reloaded log_level=warn", 10s));
  member.interrupt();
  CHECK(member.wait_for_exit(10s) == 0);
  ChildProcess again({program("wzp-client"), live.address, "--room", "open", "--send-tone", "1"});
  CHECK(again.wait_for_exit(10s) == 0);
  live.process.terminate();
  CHECK(live.process.wait_for_exit(10s) == 0);
  const std::string& log = live.process.output();
  CHECK(log.find("joined", log.find("log_level=warn")) == std::string::npos);
}

TEST_CASE("a second SIGTERM ends a draining relay at once") {
  LiveProgram live({"--drain-deadline-ms", "600000"});
  ChildProcess member({program("wzp-client"), live.address});
  REQUIRE(member.wait_for_line("in the room", 10s));
  CHECK(get(live.admin, "/readyz").substr(0, 3) == "200");
  live.process.terminate();
  REQUIRE(live.process.wait_for_line("shutting down participants=1", 10s));
  CHECK(get(live.admin, "/readyz").substr(0, 3) == "503");
  CHECK(get(live.admin, "/healthz").substr(0, 3) == "200");
  live.process.terminate();
  CHECK(live.process.wait_for_exit(5s) == 0);
}

TEST_CASE("every line of a JSON log is an object with a time, a level and an event") {
  std::set<std::string> events;
  ChildProcess process({program("wzp-relay"), "--listen", "127.0.0.1:0", "--metrics-port", "0",
                        "--ws-port", "0", "--log-format", "json", "--log-level", "debug",
                        "--max-sessions", "1"});
  const auto line = process.wait_for_line("\"listening\"", 10s);
  REQUIRE(line);
  const std::string address = json::parse(*line)["address"];
  {
    ChildProcess member({program("wzp-client"), address, "--room", "a"});
    REQUIRE(member.wait_for_line("in the room", 10s));
    ChildProcess refused({program("wzp-client"), address, "--room", "a"});
    CHECK(refused.wait_for_exit(10s) == 1);
    member.interrupt();
    CHECK(member.wait_for_exit(10s) == 0);
  }
  REQUIRE(process.wait_for_line("room_closed", 10s));
  process.hang_up();
  REQUIRE(process.wait_for_line("reloaded", 10s));
  process.terminate();
  CHECK(process.wait_for_exit(10s) == 0);
  std::istringstream lines(process.output());
  const std::regex utc(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)");
  for (std::string each; std::getline(lines, each);) {
    CAPTURE(each);
    const json entry = json::parse(each, nullptr, false);
    REQUIRE(entry.is_object());
    CHECK(std::regex_match(entry.at("time").get<std::string>(), utc));
    CHECK(entry.at("level").is_string());
    events.insert(entry.at("event"));
    if (entry["event"] == "refused") CHECK(entry["code"] == "relay_full");
    if (entry["event"] == "handshake_complete") CHECK(entry["elapsed_ms"].is_number());
  }
  for (const char* event :
       {"authentication", "admin_listening", "web_listening", "listening", "handshake_complete",
        "joined", "refused", "left", "room_closed", "reloaded", "shutting_down", "ended"}) {
    CAPTURE(event);
    CHECK(events.count(event) == 1);
  }
}
