#include "wzp/crypto/known_peers.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "vector_file.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;
namespace fs = std::filesystem;

namespace {

IdentityKey key(std::uint8_t number) {
  IdentityKey out;
  out.bytes.fill(std::byte{number});
  return out;
}

const IdentityKey kAnna = key(1);
const IdentityKey kBoris = key(2);
const IdentityKey kStranger = key(3);

KnownPeers with_verified_anna() {
  KnownPeers peers;
  peers.note_seen(kAnna, "Anna", 100);
  peers.set_trust(kAnna, Trust::kVerified);
  return peers;
}

}  // namespace

TEST_CASE("an identity is new once, then known, and a changed name is noticed") {
  KnownPeers peers;
  CHECK(peers.note_seen(kAnna, "Anna", 100) == Sighting::kNew);
  CHECK(peers.note_seen(kAnna, "Anna", 200) == Sighting::kKnown);
  CHECK(peers.note_seen(kAnna, "", 300) == Sighting::kKnown);
  CHECK(peers.note_seen(kAnna, "Hanna", 250) == Sighting::kAliasChanged);
  const KnownPeer* anna = peers.find(kAnna);
  REQUIRE(anna != nullptr);
  CHECK(anna->alias == "Hanna");
  CHECK(anna->first_seen == 100);
  CHECK(anna->last_seen == 300);
  CHECK(anna->trust == Trust::kNew);
  CHECK(peers.find(kBoris) == nullptr);
}

TEST_CASE("somebody else under a verified name hears nothing until the user accepts it") {
  KnownPeers peers = with_verified_anna();
  CHECK(peers.may_hear(kAnna, "Anna"));
  CHECK(peers.may_hear(kStranger, ""));
  CHECK(peers.may_hear(kStranger, "Clara"));
  CHECK_FALSE(peers.may_hear(kStranger, "Anna"));
  CHECK_FALSE(peers.may_hear(kStranger, "aNNA"));
  CHECK(peers.note_seen(kStranger, "ANNA", 200) == Sighting::kVerifiedAliasTaken);
  CHECK_FALSE(peers.may_hear(kStranger, "ANNA"));
  peers.set_trust(kStranger, Trust::kAccepted);
  CHECK(peers.may_hear(kStranger, "ANNA"));
  CHECK(peers.note_seen(kStranger, "ANNA", 300) == Sighting::kKnown);
}

TEST_CASE("an unverified namesake takes nothing from anybody") {
  KnownPeers peers;
  peers.note_seen(kAnna, "Anna", 100);
  CHECK(peers.note_seen(kStranger, "Anna", 200) == Sighting::kNew);
  CHECK(peers.may_hear(kStranger, "Anna"));
}

TEST_CASE("with verified-only nobody else hears, accepted or not") {
  KnownPeers peers = with_verified_anna();
  peers.set_trust(kBoris, Trust::kAccepted);
  peers.set_verified_only(true);
  CHECK(peers.may_hear(kAnna, "anything"));
  CHECK_FALSE(peers.may_hear(kBoris, "Boris"));
  CHECK_FALSE(peers.may_hear(kStranger, ""));
}

TEST_CASE("the text reads back as the same peers, whatever they call themselves") {
  KnownPeers peers = with_verified_anna();
  const std::string odd = " two\nlines \\x41 \x7f ";
  peers.note_seen(kBoris, odd, 7);
  peers.note_seen(kStranger, "", 8);
  peers.set_trust(kStranger, Trust::kAccepted);
  const std::string text = peers.to_text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  const auto back = KnownPeers::parse(text);
  REQUIRE(back);
  CHECK(back->to_text() == text);
  CHECK(back->find(kBoris)->alias == odd);
  CHECK(back->find(kAnna)->trust == Trust::kVerified);
  CHECK(back->find(kStranger)->trust == Trust::kAccepted);
}

TEST_CASE("a line that is none is named") {
  const std::string good = with_verified_anna().to_text();
  CHECK(KnownPeers::parse("# whom I know\n\n" + good));
  const std::string digits(64, 'a');
  for (const std::string& bad :
       {std::string("x"), digits, digits + " friend 1 2 Anna", digits + " new -1 2 Anna",
        digits + " new 1 2z Anna", digits + " new 1 2 \\x4", digits.substr(1) + "g new 1 2 Anna",
        digits + " new 1 2 " + std::string(65, 'n')}) {
    CAPTURE(bad);
    const auto parsed = KnownPeers::parse(good + bad + "\n");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Errc::kFileMalformed);
    CHECK(parsed.error().message.find("line 2:") == 0);
  }
}

TEST_CASE("the file is private and replaced as a whole; without one nobody is known") {
  std::string name = (fs::temp_directory_path() / "wzp-peers-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  const fs::path path = fs::path(name) / "folder" / "known-peers";
  const auto none = KnownPeers::load(path);
  REQUIRE(none);
  CHECK(none->size() == 0);
  KnownPeers peers = with_verified_anna();
  REQUIRE(peers.save(path));
  peers.note_seen(kBoris, "Boris", 5);
  REQUIRE(peers.save(path));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  const auto loaded = KnownPeers::load(path);
  REQUIRE(loaded);
  CHECK(loaded->to_text() == peers.to_text());
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK(KnownPeers::load(path).error().code == Errc::kFileNotPrivate);
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  std::ofstream(path) << "no peers\n";
  CHECK(KnownPeers::load(path).error().message.find(path.string() + ": line 1") == 0);
  fs::remove_all(name);
}

TEST_CASE("strangers beyond the limit push out strangers, never whom the user decided about") {
  KnownPeers peers = with_verified_anna();
  for (std::uint32_t i = 0; i < KnownPeers::kMostPeers + 100; ++i) {
    IdentityKey one = key(9);
    one.bytes[0] = static_cast<std::byte>(i & 0xff);
    one.bytes[1] = static_cast<std::byte>(i >> 8);
    peers.note_seen(one, "", 1000 + i);
  }
  CHECK(peers.size() == KnownPeers::kMostPeers);
  CHECK(peers.find(kAnna) != nullptr);
  IdentityKey first = key(9);
  first.bytes[0] = first.bytes[1] = std::byte{0};
  CHECK(peers.find(first) == nullptr);
}
