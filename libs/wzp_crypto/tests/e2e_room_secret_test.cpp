#include "wzp/crypto/e2e_room_secret.hpp"

#include <catch2/catch_test_macros.hpp>

#include "e2e_vectors.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace wzp::crypto::test;

TEST_CASE("room secrets of the vectors give the stated keys") {
  const auto psk = load_vectors("e2e.json", "psk");
  const auto room = e2e_text("room");
  const auto text = psk["invite_text"].get<std::string>();
  const auto invite = Invite::from_bytes(unhex_array<16>(psk["invite_bytes"].get<std::string>()));
  CHECK(invite.text().reveal_text() == text);
  CHECK(to_hex(invite.psk(room).reveal()) == psk["invite_psk"].get<std::string>());
  CHECK(to_hex(psk_from_text(text, room)->reveal()) == psk["invite_psk"].get<std::string>());
  const auto by_phrase = psk_from_text(psk["passphrase"].get<std::string>(), room);
  REQUIRE(by_phrase);
  CHECK(to_hex(by_phrase->reveal()) == psk["passphrase_psk"].get<std::string>());
}

TEST_CASE("random invites survive the trip through their text") {
  SeededRng rng(109);
  for (int i = 0; i < 1000; ++i) {
    const Invite invite = Invite::generate(rng);
    const auto parsed = Invite::parse(invite.text().reveal_text());
    REQUIRE(parsed);
    REQUIRE(parsed->psk("default") == invite.psk("default"));
  }
}

TEST_CASE("what begins like an invite but is none is refused, not taken for a passphrase") {
  const std::string good = "wzs1.AAECAwQFBgcICQoLDA0ODw";
  REQUIRE(Invite::parse(good));
  for (std::size_t n = 0; n < good.size(); ++n) {
    REQUIRE(Invite::parse(good.substr(0, n)).error() == Errc::kBadInvite);
  }
  for (const auto& bad : {good + "A", good + "=", std::string("wzs1.AAECAwQFBgcICQoLDA0OD+"),
                          std::string("wzs1.AAECAwQFBgcICQoLDA0OD "),
                          std::string("wzs1.AAECAwQFBgcICQoLDA0ODx"),  // Spare bits set.
                          std::string("wzs1.AAEC\xc9\x88\xae\xb9"
                                      "BgcICQoLDA0ODw")}) {
    CHECK(psk_from_text(bad, "default").error() == Errc::kBadInvite);
  }
}

TEST_CASE("a passphrase needs 16 bytes of UTF-8") {
  CHECK(psk_from_text("fifteen bytes !", "default").error() == Errc::kWeakPassphrase);
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                          "\xf0\x80\x80\x80", "\x80"}) {
    CHECK(psk_from_text("a long enough text " + std::string(bad), "default").error() ==
          Errc::kMalformed);
  }
  CHECK(psk_from_text("dix-huit caractères", "default"));
}

TEST_CASE("a passphrase is the same however its letters are composed") {
  const auto key = [](const char* text) {
    auto made = psk_from_passphrase(text, "default");
    REQUIRE(made);
    return to_hex(made->reveal());
  };
  // "café à la crème": precomposed, and as letters with combining accents.
  CHECK(key("caf\xc3\xa9 \xc3\xa0 la cr\xc3\xa8me") ==
        key("cafe\xcc\x81 a\xcc\x80 la cre\xcc\x80me"));
  CHECK(key("cafe a la creme.") != key("caf\xc3\xa9 \xc3\xa0 la cr\xc3\xa8me"));
  // 16 bytes as typed, 15 as they count.
  CHECK(psk_from_passphrase("aaaaaaaaaaaaae\xcc\x81", "default").error() == Errc::kWeakPassphrase);
}
