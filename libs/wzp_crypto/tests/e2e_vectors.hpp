// The participants A and B of tests/vectors/e2e.json.
#pragma once

#include "vector_file.hpp"
#include "wzp/crypto/e2e_pair.hpp"
#include "wzp/crypto/e2e_sender_key.hpp"
#include "wzp/crypto/key_exchange.hpp"

namespace wzp::crypto::test {

inline std::string e2e_text(const char* member) {
  return load_vectors("e2e.json", member).get<std::string>();
}

struct Participant {
  Identity identity;
  ExchangeKeyPair ephemeral;
  e2e::Hello hello;

  Participant(const char* side, int instance)
      : identity(Identity::from_seed(*Seed::from_hex(text(side, "_seed")))),
        ephemeral(unhex_secret(text(side, "_ephemeral_secret"))) {
    hello.instance.bytes.fill(static_cast<std::byte>(instance));
    hello.identity = identity.public_key();
    hello.ephemeral = ephemeral.public_key();
    hello.features = "e2e/1 media/2";
  }
  [[nodiscard]] std::vector<std::byte> hello_bytes() const { return e2e::write_hello(hello); }

 private:
  static std::string text(const std::string& side, const char* member) {
    return load_vectors("session.json", "handshake")[side + member].get<std::string>();
  }
};

/// A is the high side.
struct TwoParticipants {
  Participant a{"caller", 0xa1};
  Participant b{"callee", 0xb2};
  std::string room = e2e_text("room");
  Sha256Hash transcript = e2e::pair_transcript(room, b.hello_bytes(), a.hello_bytes());
  e2e::PairKeys keys = e2e::pair_keys(
      e2e::pair_prk(transcript, *a.ephemeral.agree_with(b.ephemeral.public_key()), Secret<32>()));
  e2e::PairId pair = e2e::pair_id(transcript);
};

}  // namespace wzp::crypto::test
