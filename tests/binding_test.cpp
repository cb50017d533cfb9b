// A call's handshake belongs to its connection: what a client makes of a relay that does, does not,
// or only seems to answer for this connection. Real QUIC, simulated time.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>

#include "support/simulated_world.hpp"
#include "wzp/crypto/e2e_binding.hpp"
#include "wzp/crypto/handshake.hpp"

using namespace wzp;
using namespace std::chrono_literals;
namespace e2e = crypto::e2e;

namespace {

/// Notes what the relay proved.
struct RelayNote final : client::CallObserver {
  void on_relay(const client::RelayIdentity& relay) override { seen = relay; }
  std::optional<client::RelayIdentity> seen;
};

enum class Answer : std::uint8_t { kBound, kUnbound, kOfAnotherConnection };

/// Answers one offer, genuinely, with the binding it is told to send.
class AnsweringRelay {
 public:
  AnsweringRelay(transport::SimNetwork& net, Answer answer)
      : answer_(answer),
        endpoint_(transport::EndpointConfig::for_server(),
                  transport::TlsContext::make_self_signed_server(), rng_),
        identity(crypto::Identity::ephemeral(rng_)),
        driver_(net, endpoint_, test::SimWorld::kRelayAddress, [this](Instant now) {
          while (auto event = endpoint_.poll_event()) {
            if (const auto* m = std::get_if<transport::MessageReceived>(&*event)) take(*m, now);
          }
          return kNever;
        }) {}

 private:
  void take(const transport::MessageReceived& message, Instant now) {
    const auto signal = proto::parse_signal(message.bytes);
    const auto* offer = signal ? std::get_if<proto::CallOffer>(&*signal) : nullptr;
    if (offer == nullptr) return;
    offers.push_back(*offer);
    const auto handshake = crypto::CalleeHandshake::accept(
        identity, {offer->identity_pub, offer->ephemeral_pub, offer->signature}, rng_);
    REQUIRE(handshake);
    proto::CallAnswer answer;
    answer.identity_pub = handshake->answer().identity_pub;
    answer.ephemeral_pub = handshake->answer().ephemeral_pub;
    answer.signature = handshake->answer().signature;
    answer.features = {"stream-id", "e2e/1"};
    e2e::Exporter exporter{};
    const auto bytes = endpoint_.export_keying_material(message.connection, e2e::kExporterLabel, {},
                                                        exporter.size());
    REQUIRE(bytes);
    std::copy(bytes->begin(), bytes->end(), exporter.begin());
    client_bound = offer->binding &&
                   e2e::verify_exporter_binding(crypto::IdentityKey{offer->identity_pub}, exporter,
                                                crypto::ExchangeKey{offer->ephemeral_pub},
                                                offer->binding->sig);
    if (answer_ == Answer::kOfAnotherConnection) exporter[0] ^= std::byte{1};
    if (answer_ != Answer::kUnbound) {
      const auto by =
          e2e::sign_relay_binding(identity, exporter, crypto::ExchangeKey{offer->ephemeral_pub},
                                  crypto::ExchangeKey{answer.ephemeral_pub});
      answer.binding = proto::Binding{"exporter", {by.bytes.begin(), by.bytes.end()}, {}};
    }
    const std::string text = proto::write_signal(answer);
    REQUIRE(endpoint_.send_message(message.connection, as_byte_view(text), now));
  }

  Answer answer_;
  SeededRng rng_{3};
  transport::Endpoint endpoint_;

 public:
  crypto::Identity identity;
  std::vector<proto::CallOffer> offers;
  bool client_bound = false;

 private:
  test::SimDriver driver_;
};

struct Meeting {
  explicit Meeting(Answer answer) : relay(net, answer), client(net, 1, {}, {}, &note) {
    net.at(net.now(), client.driver.host(),
           [this](Instant now) { client.call.start(test::SimWorld::kRelayAddress, now); });
    const bool settled = net.run_until(
        [&] {
          const auto state = client.call.state();
          return state == client::CallState::kActive || state == client::CallState::kClosed;
        },
        5s);
    REQUIRE(settled);
  }
  transport::SimNetwork net;
  RelayNote note;
  AnsweringRelay relay;
  test::SimClient client;
};

}  // namespace

TEST_CASE("client and relay each prove that the handshake is theirs on this connection") {
  const Meeting meeting(Answer::kBound);
  CHECK(meeting.client.call.state() == client::CallState::kActive);
  CHECK(meeting.relay.client_bound);
  REQUIRE(meeting.note.seen);
  CHECK(meeting.note.seen->is_bound);
  CHECK(meeting.note.seen->identity == meeting.relay.identity.public_key());
}

TEST_CASE("a relay that does not bind its answer is told from one that does") {
  const Meeting meeting(Answer::kUnbound);
  CHECK(meeting.client.call.state() == client::CallState::kActive);
  REQUIRE(meeting.note.seen);
  CHECK_FALSE(meeting.note.seen->is_bound);
}

TEST_CASE("an answer made for another connection ends the call") {
  const Meeting meeting(Answer::kOfAnotherConnection);
  CHECK(meeting.client.call.state() == client::CallState::kClosed);
  CHECK(meeting.client.call.end().reason == client::CallEnd::Reason::kUntrusted);
  CHECK(meeting.client.call.end().message.find("another connection") != std::string::npos);
  CHECK_FALSE(meeting.note.seen);
}
