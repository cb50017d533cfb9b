#include "e2e_relay_model.hpp"

#include <algorithm>

namespace wzp::crypto::test {
namespace {

constexpr Duration kStep = 10ms;
constexpr Duration kMostExposure = 2500ms;
constexpr Duration kFedFor = 4s;
constexpr std::size_t kRecent = 400;

std::string text_of(ByteView bytes) { return std::string(as_text(bytes)); }

}  // namespace

std::size_t RelayModel::join(e2e::RoomOptions options, const Seed* seed) {
  if (options.room.empty()) options.room = "default";
  auto client = std::make_unique<Client>(seed != nullptr ? Identity::from_seed(*seed)
                                                         : Identity::ephemeral(rng));
  client->number = clients.size();
  client->stream = StreamId{next_stream_++};
  client->joined = now;
  client->session =
      std::make_unique<e2e::RoomSession>(client->identity, std::move(options), rng, now);
  clients.push_back(std::move(client));
  announce();
  return clients.size() - 1;
}

void RelayModel::leave(std::size_t who, bool says_bye) {
  Client& client = *clients[who];
  if (says_bye) {
    client.session->bye(now);
    drain(client);
  }
  client.in_room = false;
  client.left = now;
  announce();
}

proto::RoomParticipant RelayModel::listing(const Client& client) const {
  proto::RoomParticipant out;
  out.stream = client.stream;
  out.hello = client.session->hello();
  return out;
}

proto::RoomUpdate RelayModel::full_room(std::size_t for_whom) {
  proto::RoomUpdate update;
  update.rev = ++revision_;
  update.you = clients[for_whom]->stream;
  for (const auto& client : clients) {
    if (client->in_room) update.participants.push_back(listing(*client));
  }
  return update;
}

void RelayModel::tell(std::size_t who) { deliver_update(who, full_room(who)); }

void RelayModel::deliver_update(std::size_t to, proto::RoomUpdate update) {
  Client& client = *clients[to];
  for (const auto& other : clients) {
    const bool listed = std::any_of(update.participants.begin(), update.participants.end(),
                                    [&](const auto& p) { return p.stream == other->stream; });
    if (!other->in_room && !listed) {
      auto& known = client.learned_left[other->number];
      if (known == Instant{}) known = now;
    }
  }
  client.session->handle_room(update, now);
}

void RelayModel::announce() {
  for (const auto& client : clients) {
    if (client->in_room) post({client->number, 0, full_room(client->number), {}, {}}, 0);
  }
}

void RelayModel::post(Item item, double loss) {
  if (rng.next_unit() < loss) return;
  const auto jitter = std::chrono::duration_cast<Duration>(rng.next_unit() * weather.jitter);
  in_flight_.emplace(now + weather.least_delay + jitter, std::move(item));
}

void RelayModel::record_signal(std::size_t from, const std::vector<std::byte>& body) {
  const std::string sender = std::to_string(from) + ":";
  if (body[0] == std::byte{3}) {
    if (!signal_nonces_.insert(sender + text_of(ByteView(body).first(13))).second) {
      violations.push_back("a Sealed counter was used twice by " + std::to_string(from));
    }
  } else {
    const ByteView head = ByteView(body).first(body.size() - 80);
    const auto [known, fresh] = auths_.emplace(sender + text_of(head), body);
    if (!fresh && known->second != body) violations.push_back("an Auth nonce was used twice");
  }
}

void RelayModel::drain(Client& client) {
  while (auto signal = client.session->poll_signal()) {
    record_signal(client.number, signal->body);
    if (!client.in_room) continue;
    for (const auto& other : clients) {
      if (other->stream != signal->to) continue;
      if (tamper && !tamper(client.number, other->number, signal->body)) break;
      post({other->number, client.number, {}, std::move(signal->body), {}}, weather.signal_loss);
      break;
    }
  }
  while (auto event = client.session->poll_event()) client.events.push_back(std::move(*event));
  if (client.session->poll_room_query(now) && client.in_room) {
    post({client.number, 0, full_room(client.number), {}, {}}, 0);
  }
}

e2e::MediaResult RelayModel::talk(std::size_t who) {
  Client& client = *clients[who];
  std::array<std::byte, 12> header{};
  std::array<std::byte, 8> payload{};
  ByteWriter(payload).u64(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  std::array<std::byte, 64> out{};
  const auto result = client.session->seal_media(header, payload, {}, out, now);
  if (!result) return result;
  ++sealed;
  const std::uint64_t nonce =
      std::uint64_t{who} << 44 | std::uint64_t{result->at.generation} << 16 | result->counter;
  if (!media_nonces_.insert(nonce).second || result->counter >= e2e::kGenerationPackets) {
    violations.push_back("a media nonce was used twice by " + std::to_string(who));
  }
  Sound sound{who, client.stream, now, {out.begin(), out.begin() + result->size}};
  for (const auto& other : clients) {
    if (other->number == who) continue;
    if (!other->in_room && (!feeds_departed || now - other->left > kFedFor)) continue;
    post({other->number, who, {}, {}, sound}, weather.media_loss);
  }
  if (keeps_recent) {
    recent.push_back(std::move(sound));
    if (recent.size() > kRecent) recent.erase(recent.begin(), recent.begin() + kRecent / 2);
  }
  return result;
}

void RelayModel::open(Client& listener, const Sound& sound, bool must_open) {
  std::array<std::byte, 64> out{};
  const auto result = listener.session->open_media(sound.stream, sound.packet, out, now);
  if (!result) {
    if (must_open) {
      ++gaps;
      if (violations.size() < 20) {
        violations.push_back("a gap: " + std::to_string(listener.number) + " lost a packet of " +
                             std::to_string(sound.from) + ", error " +
                             std::to_string(static_cast<int>(result.error())) + ", epoch " +
                             std::to_string(std::to_integer<int>(sound.packet[10])) + ", at " +
                             std::to_string(now.time_since_epoch() / 1ms - 3600000) + " ms");
      }
    }
    return;
  }
  ++opened;
  ++listener.opened;
  listener.first_heard.emplace(sound.from, now);
  listener.last_heard[sound.from] = now;
  if (ByteReader(out).u64() !=
      static_cast<std::uint64_t>(sound.sealed_at.time_since_epoch().count())) {
    violations.push_back("something else was heard");
  }
  if (sound.sealed_at < listener.joined) violations.push_back("a newcomer heard the past");
  const auto& learned = clients[sound.from]->learned_left;
  const auto left = learned.find(listener.number);
  if (left != learned.end() && sound.sealed_at > left->second) {
    worst_exposure = std::max(worst_exposure, sound.sealed_at - left->second);
    if (sound.sealed_at > left->second + kMostExposure + kStep) {
      violations.push_back("one who left goes on listening");
    }
  }
}

void RelayModel::deliver(Item& item) {
  Client& to = *clients[item.to];
  if (item.sound) {
    const Client& from = *clients[item.from];
    const auto known = to.first_heard.find(item.from);
    const bool established = checks_gaps && to.in_room && from.in_room &&
                             known != to.first_heard.end() &&
                             item.sound->sealed_at >= known->second;
    open(to, *item.sound, established);
  } else if (item.update) {
    deliver_update(item.to, std::move(*item.update));
  } else {
    to.session->handle_peer_signal(clients[item.from]->stream, item.body, now);
  }
}

void RelayModel::step() {
  now += kStep;
  while (!in_flight_.empty() && in_flight_.begin()->first <= now) {
    auto node = in_flight_.extract(in_flight_.begin());
    deliver(node.mapped());
    drain(*clients[node.mapped().to]);
  }
  const bool talking = now >= next_talk_;
  if (talking) next_talk_ = now + talk_interval;
  for (const auto& client : clients) {
    if (!client->in_room) continue;
    if (client->session->next_deadline() <= now) client->session->handle_deadline(now);
    drain(*client);
    if ((talking && client->talks) || client->session->comfort_due() <= now) {
      static_cast<void>(talk(client->number));
      drain(*client);
    }
  }
}

void RelayModel::run(Duration time) {
  for (const Instant end = now + time; now < end;) step();
}

bool RelayModel::hears(std::size_t listener, std::size_t talker) const {
  const auto& heard = clients[listener]->last_heard;
  const auto last = heard.find(talker);
  return last != heard.end() && now - last->second < 2 * talk_interval + 200ms;
}

bool RelayModel::all_locked() const {
  std::size_t in_room = 0;
  for (const auto& client : clients) in_room += client->in_room ? 1 : 0;
  for (const auto& client : clients) {
    if (client->in_room && client->session->holders().size() != in_room - 1) return false;
  }
  return true;
}

}  // namespace wzp::crypto::test
