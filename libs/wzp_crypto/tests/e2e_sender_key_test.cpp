#include "wzp/crypto/e2e_sender_key.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "e2e_vectors.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace wzp::crypto::test;

TEST_CASE("ratchet and media keys of the vectors are derived as stated") {
  const TwoParticipants two;
  const auto ratchet = load_vectors("e2e.json", "ratchet");
  CHECK(to_hex(next_step(unhex_secret(ratchet["secret"].get<std::string>())).reveal()) ==
        ratchet["next"].get<std::string>());
  for (const auto& row : load_vectors("e2e.json", "media_keys")) {
    const KeyStep at{row["generation"].get<std::uint32_t>(), row["step"].get<std::uint8_t>()};
    CHECK(at.epoch() == row["epoch"].get<int>());
    const NumberedKey key = media_key(unhex_secret(row["secret"].get<std::string>()),
                                      static_cast<Layout>(row["layout"].get<int>()),
                                      two.a.hello.identity, two.a.hello.instance, at);
    CHECK(to_hex(key.key.reveal()) == row["key"].get<std::string>());
    CHECK(to_hex(key.salt.reveal()) == row["salt"].get<std::string>());
  }
}

TEST_CASE("every input of a media key changes it") {
  const TwoParticipants two;
  const Secret<32> secret(counting_bytes<32>(0xc0));
  std::set<std::string> seen;
  const auto add = [&](Layout layout, const Hello& who, const Hello& where, KeyStep at) {
    return seen
        .insert(to_hex(media_key(secret, layout, who.identity, where.instance, at).key.reveal()))
        .second;
  };
  const Hello& a = two.a.hello;
  const Hello& b = two.b.hello;
  CHECK(add(Layout::kPlain, a, a, {0, 0}));
  CHECK(add(Layout::kMedia, a, a, {0, 0}));
  CHECK(add(Layout::kControl, a, a, {0, 0}));
  CHECK(add(Layout::kPlain, b, a, {0, 0}));
  CHECK(add(Layout::kPlain, a, b, {0, 0}));
  CHECK(add(Layout::kPlain, a, a, {1, 0}));
  CHECK(add(Layout::kPlain, a, a, {0, 1}));
  CHECK_FALSE(add(Layout::kPlain, a, a, {0, 0}));
}

TEST_CASE("an epoch byte is never 0 and tells fifteen generations and sixteen steps apart") {
  std::set<int> seen;
  for (std::uint32_t generation = 0; generation < 15; ++generation) {
    for (std::uint8_t step = 0; step <= kLastStep; ++step) {
      const int epoch = KeyStep{generation, step}.epoch();
      CHECK(epoch >= 0x10);
      CHECK(seen.insert(epoch).second);
    }
  }
  CHECK(seen.size() == 240);
  CHECK(KeyStep{15, 3}.epoch() == KeyStep{0, 3}.epoch());
  CHECK(KeyStep{0xffffffff, 15}.epoch() == (1 + 0xffffffff % 15) * 16 + 15);
}

TEST_CASE("the packet counter counts from the generation's start across the wrap of seq") {
  CHECK(packet_counter(SeqNo16(0), SeqNo16(65530)) == 6);
  CHECK(packet_counter(SeqNo16(65530), SeqNo16(65530)) == 0);
  CHECK(packet_counter(SeqNo16(5), SeqNo16(6)) == 65535);
}

TEST_CASE("a SenderKey survives the trip through its bytes, other lengths are refused") {
  SenderKey key;
  key.at = {0x01020304, 15};
  key.start = SeqNo16(65530);
  key.next = 6;
  key.secret = Secret<32>(counting_bytes<32>(0xc0));
  const auto bytes = write_sender_key(key);
  CHECK(to_hex(bytes.reveal()).substr(0, 18) == "010203040ffffa0006");
  const auto parsed = parse_sender_key(bytes.reveal());
  REQUIRE(parsed);
  CHECK(parsed->at == key.at);
  CHECK(parsed->start == key.start);
  CHECK(parsed->next == 6);
  CHECK(parsed->secret == key.secret);
  for (std::size_t n = 0; n < bytes.kSize; ++n) {
    REQUIRE(parse_sender_key(ByteView(bytes.reveal()).first(n)).error() == Errc::kTruncated);
  }
  std::vector<std::byte> longer(bytes.reveal().begin(), bytes.reveal().end());
  longer.push_back(std::byte{0});
  CHECK(parse_sender_key(longer).error() == Errc::kMalformed);
  longer.pop_back();
  longer[4] = std::byte{16};
  CHECK(parse_sender_key(longer).error() == Errc::kMalformed);
}
