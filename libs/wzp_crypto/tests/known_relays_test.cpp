#include "wzp/crypto/known_relays.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace wzp;
using namespace wzp::crypto;
namespace fs = std::filesystem;
using Seen = KnownRelays::Seen;

namespace {

IdentityKey key(std::uint8_t number) {
  IdentityKey out;
  out.bytes.fill(std::byte{number});
  return out;
}

}  // namespace

TEST_CASE("a relay is new once, then the same, and a changed one is noticed once") {
  KnownRelays relays;
  CHECK(relays.note("relay.example:4433", key(1)) == Seen::kNew);
  CHECK(relays.note("relay.example:4433", key(1)) == Seen::kSame);
  CHECK(relays.note("relay.example:4434", key(2)) == Seen::kNew);
  CHECK(relays.note("relay.example:4433", key(2)) == Seen::kChanged);
  CHECK(relays.note("relay.example:4433", key(2)) == Seen::kSame);
}

TEST_CASE("known relays read back from their file as they were") {
  std::string name = (fs::temp_directory_path() / "wzp-relays-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  const fs::path path = fs::path(name) / "known-relays";
  auto relays = KnownRelays::load(path);
  REQUIRE(relays);
  relays->note("[::1]:4433", key(1));
  relays->note("127.0.0.1:4433", key(2));
  REQUIRE(relays->save(path));
  auto loaded = KnownRelays::load(path);
  REQUIRE(loaded);
  CHECK(loaded->to_text() == relays->to_text());
  CHECK(loaded->note("[::1]:4433", key(1)) == Seen::kSame);
  fs::remove_all(name);
}

TEST_CASE("a line that is no relay is named, and an address that would break the file not kept") {
  const std::string digits(64, '0');
  CHECK(KnownRelays::parse("# relays\n\na:1 " + digits + "\n"));
  for (const std::string& bad : {std::string("a:1"), "a:1 " + digits.substr(1), " " + digits,
                                 "a:1 " + digits + "0", std::string(301, 'a') + " " + digits}) {
    CAPTURE(bad);
    const auto parsed = KnownRelays::parse(bad);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.find("line 1:") == 0);
  }
  KnownRelays relays;
  relays.note("a b", key(1));
  relays.note("a\nb", key(1));
  relays.note("", key(1));
  CHECK(relays.size() == 0);
}
