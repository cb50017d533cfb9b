// What wzp-client prints about encryption: real processes, real sockets on loopback.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/programs.hpp"

using namespace std::chrono_literals;
using namespace wzp::test;
using wzp::bench::ChildProcess;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> client(const RunningRelay& relay, std::vector<std::string> more) {
  std::vector<std::string> out{program("wzp-client"), relay.address, "--room", "secret"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// What follows `label` in a line.
std::string after(const std::optional<std::string>& line, std::string_view label) {
  REQUIRE(line);
  const std::size_t at = line->find(label);
  REQUIRE(at != std::string::npos);
  return line->substr(at + label.size());
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t to = std::min(text.find(' ', from), text.size());
    out.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

}  // namespace

TEST_CASE("each client prints its own words and those of whom it meets, with the lock") {
  RunningRelay relay;
  ChildProcess a(client(relay, {"--alias", "Ada"}));
  const std::string words_of_a = after(a.wait_for_line("your words: ", 10s), "your words: ");
  CHECK(words(words_of_a).size() == 6);
  REQUIRE(a.wait_for_line("end-to-end encrypted", 10s));
  REQUIRE(a.wait_for_line("in the room", 10s));
  ChildProcess b(client(relay, {"--alias", "Grace"}));
  const std::string words_of_b = after(b.wait_for_line("your words: ", 10s), "your words: ");
  CHECK(words_of_a != words_of_b);
  const auto joined = a.wait_for_line("joined: ", 10s);
  CHECK(after(joined, "words: ") == words_of_b);
  CHECK(joined->find("locked") != std::string::npos);
  CHECK(after(b.wait_for_line("joined: ", 10s), "words: ") == words_of_a);
  CHECK(b.wait_for_line("\"Ada\"", 10s));
  CHECK(a.wait_for_line("\"Grace\"", 10s));
  b.interrupt();
  CHECK(b.wait_for_exit(10s) == 0);
  CHECK(a.wait_for_line("left: ", 5s));
  a.interrupt();
  CHECK(a.wait_for_exit(10s) == 0);
}

TEST_CASE("a room secret comes from a file, the environment or, with a warning, the command line") {
  Scratch scratch;
  RunningRelay relay;
  ChildProcess make({program("wzp-client"), "--new-room-secret"});
  REQUIRE(make.wait_for_exit(10s) == 0);
  const std::string invite = make.output().substr(0, make.output().find('\n'));
  CHECK(invite.size() == 27);
  CHECK(invite.starts_with("wzs1."));
  std::ofstream(scratch.file("invite")) << invite << "\n";

  ChildProcess by_file(client(relay, {"--room-secret-file", scratch.file("invite")}));
  REQUIRE(by_file.wait_for_line("with a room secret", 10s));
  ChildProcess by_flag(client(relay, {"--room-secret", invite}));
  CHECK(by_flag.wait_for_line("list of processes", 10s));
  CHECK(by_flag.wait_for_line("locked", 10s));
  setenv("WZP_ROOM_SECRET", invite.c_str(), 1);
  ChildProcess by_environment(client(relay, {}));
  unsetenv("WZP_ROOM_SECRET");
  CHECK(by_environment.wait_for_line("locked", 10s));
  CHECK(by_file.output().find("list of processes") == std::string::npos);

  ChildProcess without(client(relay, {}));
  CHECK(without.wait_for_line("no keys: ", 25s));
  CHECK(without.output().find("it has a room secret, and we have none") != std::string::npos);
  CHECK(by_file.wait_for_line("it has no room secret, and we have one", 10s));
}

TEST_CASE("whoever was verified by their words is verified ever after, and alone may hear") {
  Scratch scratch;
  RunningRelay relay;
  const std::vector<std::string> book{"--known-peers", scratch.file("peers")};
  const auto with_book = [&](std::vector<std::string> more) {
    more.insert(more.begin(), book.begin(), book.end());
    return client(relay, more);
  };
  ChildProcess friendly(client(relay, {"--seed", std::string(64, '1'), "--alias", "Ada"}));
  const std::string of_friend = after(friendly.wait_for_line("your words: ", 10s), "your words: ");
  {
    ChildProcess first(with_book({}));
    const auto joined = first.wait_for_line("joined: ", 10s);
    REQUIRE(joined);
    CHECK(joined->find(", new,") != std::string::npos);
    REQUIRE(first.wait_for_line("\"Ada\"", 10s));
    first.interrupt();
    CHECK(first.wait_for_exit(10s) == 0);
  }
  CHECK(fs::status(scratch.file("peers")).permissions() ==
        (fs::perms::owner_read | fs::perms::owner_write));
  std::vector<std::string> verify{program("wzp-client"), book[0], book[1], "--verify"};
  for (const std::string& word : words(of_friend)) verify.push_back(word);
  ChildProcess verified(verify);
  CHECK(verified.wait_for_exit(10s) == 0);
  CHECK(verified.output().starts_with("verified: "));

  ChildProcess stranger(client(relay, {"--seed", std::string(64, '2'), "--alias", "ADA"}));
  REQUIRE(stranger.wait_for_line("in the room", 10s));
  ChildProcess strict(with_book({"--verified-only"}));
  CHECK(strict.wait_for_line("locked, verified", 10s));
  CHECK(strict.wait_for_line("is not the one you verified", 10s));
  CHECK(strict.output().find("proven, new") != std::string::npos);
}

TEST_CASE("a call that may carry anything in clear says so from its start") {
  RunningRelay relay;
  ChildProcess open(client(relay, {"--allow-unencrypted-peers"}));
  REQUIRE(open.wait_for_line("NOT end-to-end encrypted", 10s));
  ChildProcess closed(client(relay, {}));
  CHECK(closed.wait_for_line("lets unencrypted peers hear it", 10s));
}

TEST_CASE("a relay that shows another identity than last time is told from one that does not") {
  Scratch scratch;
  std::string address;
  const auto visit = [&](const RunningRelay& relay) {
    ChildProcess visitor(client(relay, {"--known-relays", scratch.file("relays")}));
    REQUIRE(visitor.wait_for_line("in the room", 10s));
    visitor.interrupt();
    REQUIRE(visitor.wait_for_exit(10s) == 0);
    return visitor.output().find("shows another identity") != std::string::npos;
  };
  {
    const RunningRelay relay("127.0.0.1:0", scratch.file("relay-seed"));
    address = relay.address;
    CHECK_FALSE(visit(relay));
    CHECK_FALSE(visit(relay));
  }
  {
    const RunningRelay restarted(address, scratch.file("relay-seed"));
    CHECK_FALSE(visit(restarted));
  }
  const RunningRelay another(address);  // a new identity at the same place
  CHECK(visit(another));
  CHECK_FALSE(visit(another));
}
