// The programs as users run them: real processes, real sockets on loopback.
#include "support/programs.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "wzp/client/audio_file.hpp"

using namespace std::chrono_literals;
using namespace wzp::test;
using wzp::bench::ChildProcess;
namespace fs = std::filesystem;

namespace {

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

nlohmann::json read_json(const std::string& path) {
  std::ifstream in(path);
  return nlohmann::json::parse(in);
}

}  // namespace

TEST_CASE("a wrong use of a program gives one clear line and a non-zero exit within ten seconds") {
  Scratch scratch;
  std::ofstream(scratch.file("noise.wav")) << "no sound";
  std::ofstream(scratch.file("short")) << "too short";
  std::ofstream(scratch.file("damaged")) << "wzs1.AAAA";
  RunningRelay relay;
  struct Row {
    std::vector<std::string> arguments;
    const char* says;
  };
  const Row rows[] = {
      {{program("wzp-relay"), "--no-such-flag"}, "--no-such-flag"},
      {{program("wzp-relay"), "--listen", "nonsense:port"}, "nonsense:port"},
      {{program("wzp-relay"), "--listen", relay.address}, "cannot listen"},
      {{program("wzp-client"), "--no-such-flag"}, "--no-such-flag"},
      {{program("wzp-client"), "--profile", "excellent"}, "--profile"},
      {{program("wzp-client"), "--send-tone", "-3"}, "--send-tone"},
      {{program("wzp-client"), "--seed", "abc"}, "--seed"},
      {{program("wzp-client"), "--mnemonic", "abandon", "ability"}, "24"},
      {{program("wzp-client"), relay.address, "--send-file", scratch.file("missing.wav")},
       "missing.wav"},
      {{program("wzp-client"), relay.address, "--send-file", scratch.file("noise.wav")},
       "noise.wav"},
      {{program("wzp-client"), relay.address, "--record", "/nonexistent-folder/x.wav"},
       "/nonexistent-folder/x.wav"},
      {{program("wzp-client"), "127.0.0.1:9", "--send-tone", "1"}, "127.0.0.1:9"},
      {{program("wzp-client"), "no-such-host.invalid:4433"}, "no-such-host.invalid"},
      {{program("wzp-client"), "--room-secret-file", "/nonexistent"}, "/nonexistent"},
      {{program("wzp-client"), "--room-secret-file", scratch.file("short")}, "16 bytes"},
      {{program("wzp-client"), "--room-secret-file", scratch.file("damaged")}, "damaged"},
      {{program("wzp-client"), "--verified-only"}, "--known-peers"},
      {{program("wzp-client"), "--known-peers", scratch.file("noise.wav")}, "noise.wav"},
      {{program("wzp-client"), "--constant-rate", "--silence-suppression"}, "--constant-rate"},
      {{program("wzp-client"), "--alias", std::string(65, 'x')}, "64 bytes"},
      {{program("wzp-client"), "--known-peers", scratch.file("none"), "--verify", "a", "b", "c",
        "d", "e", "f"},
       "a b c d e f"},
      {{program("wzp-bench"), "no-such-command"}, "subcommand"},
      {{program("wzp-bench")}, "subcommand"},
  };
  for (const Row& row : rows) {
    std::string command;
    for (const std::string& a : row.arguments) command += a + ' ';
    CAPTURE(command);
    ChildProcess process(row.arguments);
    const auto code = process.wait_for_exit(10s);
    CAPTURE(process.output());
    REQUIRE(code);
    CHECK(*code != 0);
    CHECK(*code < 128);  // no signal, no abort
    CHECK(process.output().find(row.says) != std::string::npos);
    CHECK(process.output().find("terminate called") == std::string::npos);
    // The client prints who it is and how it encrypts first; the complaint itself is one line.
    const bool began = process.output().find("your words: ") != std::string::npos;
    CHECK(lines_in(process.output()) == (began ? 4 : 1));
  }
}

TEST_CASE("help and version are there") {
  for (const char* name : {"wzp-relay", "wzp-client", "wzp-bench"}) {
    CAPTURE(name);
    ChildProcess help({program(name), "--help"});
    CHECK(help.wait_for_exit(10s) == 0);
    CHECK(help.output().find("--version") != std::string::npos);
    ChildProcess version({program(name), "--version"});
    CHECK(version.wait_for_exit(10s) == 0);
    CHECK(version.output().find("0.") != std::string::npos);
  }
}

TEST_CASE("a tone sent by one client is recorded by another, and Ctrl-C writes everything") {
  Scratch scratch;
  RunningRelay relay;
  ChildProcess listener({program("wzp-client"), relay.address, "--room", "test", "--record",
                         scratch.file("heard.wav"), "--stats-json", scratch.file("heard.json"),
                         "--webrtc-stats", scratch.file("webrtc.json"), "--playout-map",
                         scratch.file("map.csv")});
  REQUIRE(listener.wait_for_line("in the room", 10s));
  ChildProcess speaker({program("wzp-client"), relay.address, "--room", "test", "--send-tone", "2",
                        "--seed", std::string(64, '1'), "--stats-json", scratch.file("sent.json")});
  CHECK(speaker.wait_for_exit(15s) == 0);
  REQUIRE(listener.wait_for_line("heard all of stream", 5s));
  listener.interrupt();
  CHECK(listener.wait_for_exit(10s) == 0);

  const auto sent = read_json(scratch.file("sent.json"));
  const auto heard = read_json(scratch.file("heard.json"));
  CHECK(sent.at("frames_sent") == 100);
  // A busy machine may make a frame late; nothing is lost on loopback.
  CHECK(heard.at("frames_received").get<int>() >= 90);
  CHECK(heard.at("packets_received") == sent.at("packets_sent"));
  for (const char* key :
       {"frames_sent", "frames_received", "frames_recovered", "frames_concealed", "frames_comfort",
        "frames_late", "frames_played", "packets_sent", "packets_received", "delay_ms_p50",
        "delay_ms_p95", "wire_kbps_tx", "wire_kbps_rx"}) {
    CAPTURE(key);
    CHECK(heard.contains(key));
  }
  CHECK(heard.at("frames_played").get<int>() ==
        heard.at("frames_received").get<int>() + heard.at("frames_recovered").get<int>() +
            heard.at("frames_concealed").get<int>() + heard.at("frames_comfort").get<int>());
  const auto samples = wzp::client::load_audio_file(scratch.file("heard.wav"));
  REQUIRE(samples);
  const auto loud = std::count_if(samples->begin(), samples->end(),
                                  [](std::int16_t s) { return s > 8000 || s < -8000; });
  CHECK(loud > 40'000);  // two thirds of two seconds of a sine at 16000
  CHECK(fs::file_size(scratch.file("map.csv")) > 100);
  std::set<std::string> kinds;
  for (const auto& entry : read_json(scratch.file("webrtc.json"))) {
    kinds.insert(entry.at("type").get<std::string>());
  }
  CHECK(kinds.count("media-playout") == 1);  // of streams that left nothing is told
  CHECK(kinds.count("transport") == 1);
}

TEST_CASE("an identity file is made once, is private, and names the same client ever after") {
  Scratch scratch;
  RunningRelay relay;
  const auto identity_of_a_run = [&] {
    ChildProcess client({program("wzp-client"), relay.address, "--identity", scratch.file("id"),
                         "--send-tone", "1"});
    const auto line = client.wait_for_line("identity ", 10s);
    CHECK(client.wait_for_exit(10s) == 0);
    return line.value_or("none");
  };
  const std::string first = identity_of_a_run();
  CHECK(identity_of_a_run() == first);
  CHECK(fs::status(scratch.file("id")).permissions() ==
        (fs::perms::owner_read | fs::perms::owner_write));
  fs::permissions(scratch.file("id"), fs::perms::group_read, fs::perm_options::add);
  ChildProcess refused({program("wzp-client"), relay.address, "--identity", scratch.file("id")});
  CHECK(refused.wait_for_exit(10s) == 1);
  CHECK(refused.output().find(scratch.file("id")) != std::string::npos);
}

TEST_CASE("the relay serves IPv6 and ends cleanly on SIGTERM, telling its clients") {
  ChildProcess relay({program("wzp-relay"), "--listen", "[::1]:0"});
  const auto line = relay.wait_for_line("listening on ", 10s);
  REQUIRE(line);
  ChildProcess client({program("wzp-client"), address_in(*line)});
  REQUIRE(client.wait_for_line("in the room", 10s));
  relay.terminate();
  CHECK(relay.wait_for_exit(5s) == 0);
  const auto code = client.wait_for_exit(5s);
  CHECK(code == 1);
  CHECK(client.output().find("shutting down") != std::string::npos);
}

TEST_CASE("the example program joins a room, talks and hangs up") {
  RunningRelay relay;
  ChildProcess example({program("example-join_room"), relay.address, "any", "1"});
  CHECK(example.wait_for_exit(10s) == 0);
  CHECK(example.output().find("sent 50 frames") != std::string::npos);
}

TEST_CASE("Ctrl-C ends a client that is sending, and the relay sees it leave") {
  RunningRelay relay;
  ChildProcess client({program("wzp-client"), relay.address, "--send-tone", "60"});
  REQUIRE(client.wait_for_line("in the room", 10s));
  client.interrupt();
  CHECK(client.wait_for_exit(5s) == 0);
  const auto left = relay.process.wait_for_line("left ", 5s);
  REQUIRE(left);
  CHECK(left->find("hung up") != std::string::npos);
}
