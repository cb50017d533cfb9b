#include "wzp/crypto/reference_session.hpp"

#include <catch2/catch_test_macros.hpp>

#include "openssl_aead.hpp"
#include "vector_file.hpp"
#include "wzp/crypto/handshake.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

namespace {

std::vector<std::byte> bytes(const nlohmann::json& row, const char* member) {
  return unhex(row[member].get<std::string>());
}

void check_packet(const nlohmann::json& row) {
  CAPTURE(row["name"].get<std::string>());
  const Secret<32> key = unhex_secret(row["key"].get<std::string>());
  CHECK(to_hex(session_id(key)) == row["session_id"].get<std::string>());
  const auto nonce = reference_nonce(session_id(key), row["packet_counter"].get<std::uint32_t>(),
                                     row["direction_byte"].get<std::uint8_t>());
  CHECK(to_hex(nonce) == row["nonce"].get<std::string>());
  const auto aad = bytes(row, "aad");
  const auto plaintext = bytes(row, "plaintext");
  std::vector<std::byte> out(plaintext.size() + kTagSize);
  REQUIRE(seal(key, nonce, aad, plaintext, out));
  CHECK(to_hex(out) == row["ciphertext_and_tag"].get<std::string>());
  CHECK(out == openssl_seal(key, nonce, aad, plaintext));
}

// Seals empty packets until the next one has this counter.
void advance(ReferenceSession& session, std::uint32_t counter) {
  std::array<std::byte, kTagSize> out{};
  for (std::uint32_t i = 0; i < counter; ++i) REQUIRE(session.seal({}, {}, out));
}

struct Ends {
  ReferenceSession a;
  ReferenceSession b;
  Ends() : a(Secret<32>(counting_bytes<32>(1))), b(Secret<32>(counting_bytes<32>(1))) {}
};

std::vector<std::byte> sealed(ReferenceSession& session, std::string_view text) {
  std::vector<std::byte> out(text.size() + kTagSize);
  REQUIRE(session.seal(as_byte_view("header"), as_byte_view(text), out));
  return out;
}

Result<std::size_t> opened(ReferenceSession& session, ByteView packet) {
  std::vector<std::byte> out(packet.size());
  return session.open(as_byte_view("header"), packet, out);
}

}  // namespace

TEST_CASE("reference nonces of the vectors are composed as stated") {
  for (const auto& row : load_vectors("session.json", "nonces")) {
    SessionId id = unhex_array<4>(row["session_id"].get<std::string>());
    CHECK(to_hex(reference_nonce(id, row["packet_counter"].get<std::uint32_t>(),
                                 row["direction_byte"].get<std::uint8_t>())) ==
          row["nonce"].get<std::string>());
  }
}

TEST_CASE("reference packets of the vectors are sealed as stated") {
  for (const auto& row : load_vectors("session.json", "encrypted_packets")) check_packet(row);
}

TEST_CASE("a reference session counts its packets as the vectors do") {
  for (const auto& row : load_vectors("session.json", "encrypted_packets")) {
    const auto key = row["key"].get<std::string>();
    ReferenceSession session(unhex_secret(key));
    advance(session, row["packet_counter"].get<std::uint32_t>());
    const auto plaintext = bytes(row, "plaintext");
    std::vector<std::byte> out(plaintext.size() + kTagSize);
    REQUIRE(session.seal(bytes(row, "aad"), plaintext, out));
    CHECK(to_hex(out) == row["ciphertext_and_tag"].get<std::string>());
  }
}

TEST_CASE("rekeys of the vectors are derived as stated, counters restart") {
  const auto rows = load_vectors("session.json", "rekey");
  for (const auto& row : rows) {
    const auto initiator = unhex_secret(row["initiator_new_secret"].get<std::string>());
    const auto responder = unhex_secret(row["responder_new_secret"].get<std::string>());
    CHECK(to_hex(exchange_public_key(initiator).bytes) ==
          row["initiator_new_public"].get<std::string>());
    CHECK(to_hex(exchange_public_key(responder).bytes) ==
          row["responder_new_public"].get<std::string>());
    const auto shared = agree(initiator, exchange_public_key(responder));
    REQUIRE(shared);
    CHECK(to_hex(shared->reveal()) == row["x25519_shared_secret"].get<std::string>());
    const auto old_key = unhex_secret(row["old_key"].get<std::string>());
    const auto new_key = next_session_key(old_key, *shared);
    CHECK(to_hex(new_key.reveal()) == row["new_key"].get<std::string>());
    CHECK(to_hex(session_id(new_key)) == row["new_session_id"].get<std::string>());

    ReferenceSession session(old_key.duplicate());
    advance(session, 3);
    session.rekey(*shared);
    CHECK(to_hex(session.id()) == row["new_session_id"].get<std::string>());
    if (!row.contains("first_packet_after")) continue;
    const auto& packet = row["first_packet_after"];
    check_packet(packet);
    const auto plaintext = bytes(packet, "plaintext");
    std::vector<std::byte> out(plaintext.size() + kTagSize);
    REQUIRE(session.seal(bytes(packet, "aad"), plaintext, out));
    CHECK(to_hex(out) == packet["ciphertext_and_tag"].get<std::string>());
  }
}

TEST_CASE("after a handshake what one end encrypts the other decrypts, in both directions") {
  SeededRng rng(73);
  const Identity a = Identity::ephemeral(rng);
  const Identity b = Identity::ephemeral(rng);
  auto caller = CallerHandshake::start(a, rng);
  auto callee = CalleeHandshake::accept(b, caller.offer(), rng);
  REQUIRE(callee);
  auto keys = caller.finish(callee->answer());
  REQUIRE(keys);
  ReferenceSession at_caller(std::move(keys->session_key));
  ReferenceSession at_callee(callee->take_keys().session_key);
  for (int i = 0; i < 3; ++i) {
    CHECK(opened(at_callee, sealed(at_caller, "to the callee")));
    CHECK(opened(at_caller, sealed(at_callee, "to the caller")));
  }
}

TEST_CASE("a reference session has the reference's weakness: one lost packet ends it") {
  Ends ends;
  static_cast<void>(sealed(ends.a, "lost"));
  CHECK_FALSE(opened(ends.b, sealed(ends.a, "second")));
  CHECK_FALSE(opened(ends.b, sealed(ends.a, "third")));
}

TEST_CASE("a failed open is not counted") {
  Ends ends;
  auto packet = sealed(ends.a, "first");
  packet[0] ^= std::byte{1};
  CHECK_FALSE(opened(ends.b, packet));
  packet[0] ^= std::byte{1};
  CHECK(opened(ends.b, packet));
}
