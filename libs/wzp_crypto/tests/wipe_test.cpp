// Secrets are gone from this process's memory when they should be: it is searched for them.
#include <catch2/catch_test_macros.hpp>

#include "memory_search.hpp"
#include "vector_file.hpp"
#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/session.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

namespace {

using Inverted = std::array<std::byte, 32>;

Inverted inverted(std::span<const std::byte, 32> bytes) {
  Inverted out{};
  for (std::size_t i = 0; i < 32; ++i) out[i] = ~bytes[i];
  return out;
}

// The key that a session derives for one direction and epoch.
Inverted inverted_direction_key(const EstablishedKeys& keys, const Secret<32>& session_key,
                                std::string_view name, int epoch) {
  const std::array<std::byte, 4> number{std::byte{0}, std::byte{0}, std::byte{0},
                                        static_cast<std::byte>(epoch)};
  const Secret<44> key = hkdf_expand<44>(hkdf_extract(keys.transcript, {session_key.reveal()}),
                                         {as_byte_view(name), number});
  return inverted(key.reveal().first<32>());
}

struct Ends {
  SeededRng rng{113};
  Identity a = Identity::ephemeral(rng);
  Identity b = Identity::ephemeral(rng);
  std::optional<Session> caller;
  std::optional<Session> callee;
  Inverted session_key{};
  Inverted caller_key{};

  Ends() {
    auto handshake = CallerHandshake::start(a, rng);
    auto accepted = CalleeHandshake::accept(b, handshake.offer(), rng);
    auto keys = handshake.finish(accepted->answer());
    REQUIRE(keys);
    session_key = inverted(keys->session_key.reveal());
    caller_key =
        inverted_direction_key(*keys, keys->session_key, {"wzp-session/2 caller\0", 21}, 0);
    caller.emplace(std::move(*keys));
    callee.emplace(accepted->take_keys());
  }
  void packet(Session& from, Session& to, Instant now) const {
    std::array<std::byte, Session::kOverhead> packet{};
    REQUIRE(from.seal({}, {}, packet));
    REQUIRE(to.open({}, packet, {}, now));
  }
};

}  // namespace

TEST_CASE("a seed is in memory while it lives and nowhere after") {
  SeededRng rng(127);
  Inverted pattern{};
  {
    const Seed seed = Seed::generate(rng);
    pattern = inverted(seed.reveal().reveal());
    CHECK(places_of_inverted(pattern) >= 1);
    CHECK(Seed::from_mnemonic(seed.mnemonic().reveal_text()));
    CHECK(Seed::from_hex(seed.to_secret_hex().reveal_text()));
    CHECK(Identity::from_seed(seed).public_key() != IdentityKey());
  }
  CHECK(places_of_inverted(pattern) == 0);
}

TEST_CASE("after a rekey neither the old session key nor old packet keys are in memory") {
  Ends ends;
  CHECK(places_of_inverted(ends.session_key) >= 1);
  CHECK(places_of_inverted(ends.caller_key) >= 1);
  ends.packet(*ends.caller, *ends.callee, {});
  const auto start = ends.caller->start_rekey(ends.a, ends.rng);
  const auto answer = ends.callee->handle_rekey(*start, ends.b, ends.rng);
  REQUIRE(ends.caller->handle_rekey(**answer, ends.a, ends.rng));
  CHECK(places_of_inverted(ends.session_key) == 0);
  ends.packet(*ends.caller, *ends.callee, {});
  ends.packet(*ends.callee, *ends.caller, {});
  CHECK(places_of_inverted(ends.caller_key) >= 1);  // Late packets still open.
  ends.caller->handle_timeout(Instant(Session::kPreviousKeyLife));
  ends.callee->handle_timeout(Instant(Session::kPreviousKeyLife));
  CHECK(places_of_inverted(ends.caller_key) == 0);
}

TEST_CASE("a session that ends leaves no key") {
  Ends ends;
  ends.packet(*ends.caller, *ends.callee, {});
  ends.caller.reset();
  ends.callee.reset();
  CHECK(places_of_inverted(ends.session_key) == 0);
  CHECK(places_of_inverted(ends.caller_key) == 0);
}
