#include "random_room.hpp"

#include <algorithm>
#include <chrono>

namespace wzp::test {
namespace {

using namespace std::chrono_literals;

// Who left without a word hears on for so long, if it can.
constexpr std::chrono::seconds kListensOn{4};
constexpr std::size_t kFewest = 3;

}  // namespace

struct RandomRoom::Person final : client::CallObserver {
  Person(RandomRoom& in, std::uint8_t person_number)
      : room(in),
        client(in.net, person_number, {}, {}),
        number(in.watch.add(client.identity.public_key())) {
    client.sink.keep = false;
    client.source =
        std::make_unique<client::ToneSource>(std::chrono::hours(24), 200.0 + 40.0 * person_number);
  }
  void on_left(const client::RemoteParticipant& who) override {
    room.watch.sender_knows(number, room.watch.number_of(who.identity), room.net.now());
  }

  RandomRoom& room;
  SimClient client;
  std::size_t number;
  bool wants_in = false;
  StreamId stream;           ///< 0: not admitted (yet).
  Instant drop_at = kNever;  ///< The relay stops helping.
  Instant old_packets_at = kNever;
};

RandomRoom::RandomRoom(const Options& options)
    : relay(net), options_(options), dice_(options.seed) {
  for (std::size_t i = 0; i < options.people; ++i) {
    people_.push_back(std::make_unique<Person>(*this, static_cast<std::uint8_t>(i + 1)));
    transport::ChannelConfig path;
    path.delay = options.delay;
    path.jitter = options.jitter;
    path.loss_rate = options.loss;
    path.seed = options.seed * 100 + 2 * i;
    auto back = path;
    ++back.seed;
    net.connect_hosts(people_.back()->client.driver.host(), relay.driver.host(), path, back);
  }
}

RandomRoom::~RandomRoom() = default;

std::size_t RandomRoom::present() const {
  return static_cast<std::size_t>(
      std::count_if(people_.begin(), people_.end(), [](const auto& p) { return p->wants_in; }));
}

void RandomRoom::run(std::size_t events) {
  for (std::size_t done = 0; done < events;) {
    Person& person = *people_[dice_.next_u64() % people_.size()];
    const auto state = person.client.call.state();
    const bool idle = state == client::CallState::kIdle || state == client::CallState::kClosed;
    const bool can_join = !person.wants_in && idle;
    const bool can_leave = person.wants_in && person.stream.value != 0 && present() > kFewest;
    if (can_join || can_leave) {
      act(person);
      ++done;
    }
    const auto span = static_cast<std::uint64_t>((options_.longest - options_.shortest).count());
    const Instant until =
        net.now() + options_.shortest + std::chrono::milliseconds(dice_.next_u64() % (span + 1));
    while (net.now() < until) {
      net.run_until(std::min(until, net.now() + 20ms));
      note_admissions();
    }
    if (done % 50 == 0) {
      watch.forget_before(net.now() - 30s);
      relay.forget_before(net.now() - 3s);
    }
  }
}

void RandomRoom::act(Person& person) {
  watch.note_event(net.now());
  if (person.wants_in) {
    leave(person);
  } else {
    join(person);
  }
}

void RandomRoom::join(Person& person) {
  person.wants_in = true;
  person.stream = {};
  client::CallOptions options;
  options.media2 = false;  // a packet every 20 ms shows more than one every 60
  options.media_probe = &watch.probe(person.number);
  net.at(net.now(), person.client.driver.host(), [this, &person, options](Instant now) {
    SimClient& c = person.client;
    c.call = client::Call(c.endpoint, c.identity, c.rng, options, c.source.get(), c.sink, &person);
    watch.probe(person.number).watch(c.call);
    c.call.start(SimWorld::kRelayAddress, now);
  });
}

void RandomRoom::leave(Person& person) {
  person.wants_in = false;
  watch.leaves(person.number, net.now());
  if (dice_.next_u64() % 2 == 0) {
    person.client.hang_up();
  } else {
    relay.say_left(person.stream);
    person.drop_at = net.now() + kListensOn;
  }
}

void RandomRoom::note_admissions() {
  for (const auto& person : people_) {
    if (person->wants_in && person->stream.value == 0) {
      for (const auto& member : relay.members) {
        const bool it_is = member->connected && member->listed &&
                           member->offer.identity_pub == person->client.identity.public_key().bytes;
        if (!it_is) continue;
        person->stream = member->stream;
        watch.joined(person->number, member->joined);
        person->old_packets_at = member->joined + 700ms;
      }
    }
    if (person->drop_at <= net.now()) {
      person->drop_at = kNever;
      relay.disconnect(person->stream);
    }
    if (person->old_packets_at <= net.now()) {
      person->old_packets_at = kNever;
      play_old_packets_to(person->stream);
    }
  }
}

/// What the others said in the three seconds before it came, and since.
void RandomRoom::play_old_packets_to(StreamId newcomer) {
  std::size_t sent = 0;
  for (const auto& packet : relay.media) {
    if (net.now() - packet.at > 3s || packet.from == newcomer || sent++ > 400) continue;
    relay.send_media(newcomer, packet.from, packet.bytes);
  }
}

}  // namespace wzp::test
