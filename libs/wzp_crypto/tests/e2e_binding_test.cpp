#include "wzp/crypto/e2e_binding.hpp"

#include <catch2/catch_test_macros.hpp>

#include "e2e_vectors.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace wzp::crypto::test;

TEST_CASE("bindings of the vectors are signed and verified as stated, and nothing else verifies") {
  const TwoParticipants two;
  const auto v = load_vectors("e2e.json", "bindings");
  const auto signature = [&](const char* by) {
    return unhex(v[by]["signature"].get<std::string>());
  };
  const Exporter x = unhex_array<32>(v["exporter"].get<std::string>());
  const Challenge challenge = unhex_array<32>(v["challenge"].get<std::string>());
  const auto origin = v["origin"].get<std::string>();
  const Identity& client = two.a.identity;
  const Identity& relay = two.b.identity;
  const ExchangeKey& a = two.a.hello.ephemeral;
  const ExchangeKey& b = two.b.hello.ephemeral;
  CHECK(to_hex(sign_exporter_binding(client, x, a).bytes) == to_hex(signature("by_client")));
  CHECK(to_hex(sign_relay_binding(relay, x, a, b).bytes) == to_hex(signature("by_relay")));
  CHECK(to_hex(sign_origin_binding(client, challenge, origin, a).bytes) ==
        to_hex(signature("by_browser")));

  const auto by_client = signature("by_client");
  CHECK(verify_exporter_binding(client.public_key(), x, a, by_client));
  CHECK_FALSE(verify_exporter_binding(client.public_key(), challenge, a, by_client));
  CHECK_FALSE(verify_exporter_binding(client.public_key(), x, b, by_client));
  CHECK_FALSE(verify_exporter_binding(relay.public_key(), x, a, by_client));
  CHECK_FALSE(verify_exporter_binding(client.public_key(), x, a, ByteView(by_client).first(63)));
  const auto by_relay = signature("by_relay");
  CHECK(verify_relay_binding(relay.public_key(), x, a, b, by_relay));
  CHECK_FALSE(verify_relay_binding(relay.public_key(), x, b, a, by_relay));
  CHECK_FALSE(verify_relay_binding(relay.public_key(), challenge, a, b, by_relay));
  const auto by_browser = signature("by_browser");
  CHECK(verify_origin_binding(client.public_key(), challenge, origin, a, by_browser));
  CHECK_FALSE(
      verify_origin_binding(client.public_key(), challenge, "https://evil.example", a, by_browser));
  CHECK_FALSE(verify_origin_binding(client.public_key(), x, origin, a, by_browser));
}

TEST_CASE("nothing signed here is as long as what the reference signs") {
  for (const char* by : {"by_client", "by_relay", "by_browser"}) {
    const auto v = load_vectors("e2e.json", "bindings");
    const std::size_t size = v[by]["signed_bytes"].get<std::string>().size() / 2;
    CHECK(size > 43);
  }
  CHECK(load_vectors("session2.json", "rekey")["start_signed_bytes"].get<std::string>().size() >
        2 * 43);
}
