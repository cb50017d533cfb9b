#include "hostile_relay.hpp"

#include <algorithm>
#include <variant>

#include "wzp/proto/datagram.hpp"

namespace wzp::test {

HostileRelay::HostileRelay(transport::SimNetwork& net)
    : identity(crypto::Identity::ephemeral(rng)),
      endpoint(transport::EndpointConfig::for_server(),
               transport::TlsContext::make_self_signed_server(), rng),
      driver(net, endpoint, SimWorld::kRelayAddress,
             [this](Instant) {
               while (auto event = endpoint.poll_event()) {
                 std::visit([this](const auto& e) { on(e); }, *event);
               }
               return kNever;
             }),
      net_(net) {}

HostileRelay::Member* HostileRelay::find(StreamId stream) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const auto& m) { return m->stream == stream; });
  return found == members.end() ? nullptr : found->get();
}

HostileRelay::Member* HostileRelay::find(transport::ConnectionHandle connection) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const auto& m) { return m->connection == connection; });
  return found == members.end() ? nullptr : found->get();
}

void HostileRelay::send(Member& to, const proto::Signal& signal) {
  if (!to.connected) return;
  const std::string text = proto::write_signal(signal);
  static_cast<void>(endpoint.send_message(to.connection, as_byte_view(text), net_.now()));
  driver.wake();
}

void HostileRelay::on(const transport::MessageReceived& message) {
  const auto signal = proto::parse_signal(message.bytes);
  if (!signal) return;
  if (const auto* offer = std::get_if<proto::CallOffer>(&*signal)) {
    answer(message.connection, *offer);
    return;
  }
  Member* const from = find(message.connection);
  if (from == nullptr) return;
  if (std::holds_alternative<proto::RoomQuery>(*signal)) {
    tell(*from);
  } else if (std::holds_alternative<proto::Hangup>(*signal)) {
    say_left(from->stream);
  } else if (const auto* peer = std::get_if<proto::PeerSignal>(&*signal)) {
    proto::PeerSignal passed{peer->to, from->stream, peer->body};
    if (taps) signals.push_back(passed);
    if (from->listed && (!pass_signal || pass_signal(passed))) send_signal(passed);
  }
}

void HostileRelay::answer(transport::ConnectionHandle connection, const proto::CallOffer& offer) {
  auto handshake = crypto::CalleeHandshake::accept(
      identity, {offer.identity_pub, offer.ephemeral_pub, offer.signature}, rng);
  if (!handshake) return;
  auto member = std::make_unique<Member>();
  member->connection = connection;
  member->stream = StreamId{++last_stream_};
  member->offer = offer;
  member->session_key = handshake->keys().session_key.duplicate();
  member->joined = net_.now();
  proto::CallAnswer out;
  out.identity_pub = handshake->answer().identity_pub;
  out.ephemeral_pub = handshake->answer().ephemeral_pub;
  out.signature = handshake->answer().signature;
  out.features = answer_features;
  if (edit_answer && !edit_answer(out)) return;
  members.push_back(std::move(member));
  send(*members.back(), out);
  tell_all();
}

void HostileRelay::on(const transport::DatagramReceived& datagram) {
  Member* const from = find(datagram.connection);
  if (from == nullptr) return;
  const std::vector<std::byte> packet(datagram.bytes.begin(), datagram.bytes.end());
  if (taps) media.push_back({from->stream, net_.now(), packet});
  if (!from->listed) return;
  for (const auto& to : members) {
    if (to.get() == from) continue;
    StreamId as = from->stream;
    auto copy = packet;
    if (!pass_media || pass_media(to->stream, as, copy)) send_media(to->stream, as, copy);
  }
}

void HostileRelay::on(const transport::ConnectionClosed& closed) {
  Member* const who = find(closed.connection);
  if (who == nullptr) return;
  who->connected = false;
  if (who->listed) say_left(who->stream);
}

proto::RoomUpdate HostileRelay::full_update(const Member& to) {
  proto::RoomUpdate update{revision, 0, to.stream, {}, {}};
  for (const auto& m : members) {
    if (!m->listed) continue;
    const auto fingerprint = crypto::Fingerprint::of(crypto::IdentityKey{m->offer.identity_pub});
    update.participants.push_back(
        {m->stream, m->offer.hello, m->offer.features, fingerprint.to_text(), std::nullopt});
  }
  return update;
}

void HostileRelay::tell(Member& member) {
  auto update = full_update(member);
  if (edit_update) edit_update(member, update);
  send(member, update);
}

void HostileRelay::tell_all() {
  ++revision;
  for (const auto& m : members) {
    // Who left learns nothing more.
    if (m->listed) tell(*m);
  }
}

void HostileRelay::send_update(StreamId to, const proto::RoomUpdate& update) {
  if (Member* const member = find(to)) send(*member, update);
}

void HostileRelay::send_signal(const proto::PeerSignal& signal) {
  if (Member* const member = find(signal.to)) send(*member, signal);
}

void HostileRelay::send_media(StreamId to, StreamId as, ByteView packet) {
  Member* const member = find(to);
  if (member == nullptr || !member->connected) return;
  std::array<std::byte, 1400> room{};
  proto::TrunkDatagramWriter trunk(room);
  if (!trunk.add(as, packet)) return;
  static_cast<void>(endpoint.send_datagram(member->connection, trunk.bytes(), net_.now(), as));
  driver.wake();
}

void HostileRelay::say_left(StreamId stream) {
  Member* const member = find(stream);
  if (member == nullptr || !member->listed) return;
  member->listed = false;
  tell_all();
}

void HostileRelay::disconnect(StreamId stream) {
  Member* const member = find(stream);
  if (member == nullptr || !member->connected) return;
  member->connected = false;
  endpoint.close(member->connection, 0, "enough", net_.now());
  driver.wake();
}

void HostileRelay::forget_before(Instant when) {
  std::erase_if(members, [](const auto& m) { return !m->connected; });
  std::erase_if(media, [when](const Packet& packet) { return packet.at < when; });
}

SimClient& HostileWorld::add_client(const client::CallOptions& options,
                                    std::vector<std::int16_t> speech,
                                    const transport::ChannelConfig& path,
                                    client::CallObserver* observer) {
  const auto number = static_cast<std::uint8_t>(clients.size() + 1);
  clients.push_back(std::make_unique<SimClient>(net, number, options, std::move(speech), observer));
  SimClient& added = *clients.back();
  auto up = path;
  auto down = path;
  up.seed += 2U * number;
  down.seed += 2U * number + 1U;
  net.connect_hosts(added.driver.host(), relay.driver.host(), up, down);
  net.at(net.now(), added.driver.host(),
         [&added](Instant now) { added.call.start(SimWorld::kRelayAddress, now); });
  return added;
}

void HostileWorld::call_again(SimClient& client, const client::CallOptions& options) {
  net.at(net.now(), client.driver.host(), [&client, options](Instant now) {
    client.call = client::Call(client.endpoint, client.identity, client.rng, options,
                               client.source.get(), client.sink);
    client.call.start(SimWorld::kRelayAddress, now);
  });
}

bool HostileWorld::all_locked() const {
  return std::all_of(clients.begin(), clients.end(), [&](const auto& c) {
    const auto others = c->call.participants();
    return others.size() + 1 == clients.size() &&
           std::all_of(others.begin(), others.end(), [](const auto& who) {
             return who.lock == crypto::e2e::Lock::kLocked && who.heard;
           });
  });
}

bool HostileWorld::run_until_locked(Duration limit) {
  return net.run_until([this] { return all_locked(); }, limit);
}

StreamId HostileWorld::stream_of(const SimClient& client) {
  StreamId found;
  for (const auto& m : relay.members) {
    if (m->offer.identity_pub == client.identity.public_key().bytes && m->connected) {
      found = m->stream;
    }
  }
  return found;
}

}  // namespace wzp::test
