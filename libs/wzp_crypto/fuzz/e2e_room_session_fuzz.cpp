// Signals and packets of a peer, into a session that has a working pair with it. The first byte
// chooses: arbitrary bytes, or a genuine message with the input XORed on. Only genuine bytes may
// change what the session holds.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "wzp/crypto/e2e_room_session.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;

namespace {

using Bytes = std::vector<std::byte>;

struct Couple {
  SeededRng rng{1};
  Instant now{std::chrono::hours(1)};
  Identity identities[2] = {Identity::ephemeral(rng), Identity::ephemeral(rng)};
  RoomSession sessions[2] = {RoomSession(identities[0], {}, rng, now),
                             RoomSession(identities[1], {}, rng, now)};
  Bytes signal, packet;

  Couple() {
    for (std::uint16_t i = 0; i < 2; ++i) {
      proto::RoomUpdate update;
      update.rev = 1;
      update.you = stream(i);
      for (std::uint16_t k = 0; k < 2; ++k) {
        update.participants.push_back({stream(k), sessions[k].hello(), {}, {}, {}});
      }
      sessions[i].handle_room(update, now);
    }
    for (int rounds = 0; rounds < 4; ++rounds) exchange();
    std::array<std::byte, 12> header{};
    packet.resize(64);
    const auto sealed = sessions[1].seal_media(header, header, {}, packet, now);
    if (!sealed || !sessions[1].send_signal(stream(0), "\"Hold\"")) std::abort();
    packet.resize(sealed->size);
    signal = sessions[1].poll_signal()->body;
  }
  static StreamId stream(std::uint16_t who) { return {static_cast<std::uint16_t>(who + 1)}; }
  void exchange() {
    for (std::uint16_t i = 0; i < 2; ++i) {
      while (const auto out = sessions[i].poll_signal()) {
        sessions[1 - i].handle_peer_signal(stream(i), out->body, now);
      }
    }
  }
};

Bytes altered(const Bytes& genuine, ByteView input) {
  Bytes out(input.begin(), input.end());
  out.resize(std::max(out.size(), genuine.size()));
  for (std::size_t i = 0; i < genuine.size(); ++i) out[i] ^= genuine[i];
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 2000) return 0;
  // After 65,536 failures a generation is dropped, by design: start anew before that.
  static std::unique_ptr<Couple> pair;
  static unsigned runs = 0;
  if (runs++ % 20'000 == 0) pair = std::make_unique<Couple>();
  Couple& couple = *pair;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  const bool is_signal = (data[0] & 1) != 0;
  const Bytes& genuine = is_signal ? couple.signal : couple.packet;
  const Bytes bytes =
      (data[0] & 2) != 0 ? altered(genuine, input) : Bytes(input.begin(), input.end());
  if (bytes == genuine) return 0;
  RoomSession& session = couple.sessions[0];
  couple.now += std::chrono::seconds(1);  // Within the limits that would hide the parsers.
  const auto before = session.digest();
  std::array<std::byte, 2048> out{};
  if (is_signal) {
    session.handle_peer_signal(Couple::stream(1), bytes, couple.now);
    while (session.poll_signal()) {
    }
  } else if (session.open_media(Couple::stream(1), bytes, out, couple.now)) {
    std::abort();
  }
  while (session.poll_event()) {
  }
  // A packet under an unknown epoch may make the session ask for a key; asking takes a send
  // counter.
  bool has_asked = false;
  while (session.poll_signal()) has_asked = !is_signal;
  if (!has_asked && session.digest() != before) std::abort();
  return 0;
}
