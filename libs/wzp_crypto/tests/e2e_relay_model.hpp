// A relay and its clients in simulated time: joins, leaves, loss, delay and reordering, all from
// one seed. Checks at every packet what must hold always.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "wzp/crypto/e2e_room_session.hpp"

namespace wzp::crypto::test {

using namespace std::chrono_literals;

class RelayModel {
 public:
  struct Weather {
    double signal_loss = 0;
    double media_loss = 0;
    Duration least_delay = 10ms;
    Duration jitter = 0ms;
  };
  struct Client {
    explicit Client(Identity who) : identity(std::move(who)) {}
    Identity identity;
    std::size_t number = 0;
    std::unique_ptr<e2e::RoomSession> session;
    StreamId stream;
    bool in_room = true;
    bool talks = true;
    Instant joined{}, left{};
    std::uint64_t opened = 0;
    std::vector<e2e::Event> events;
    std::map<std::size_t, Instant> learned_left;  // Who, and when this client was told.
    std::map<std::size_t, Instant> first_heard, last_heard;
  };
  /// A packet on its way, as an opener sees it.
  struct Sound {
    std::size_t from = 0;
    StreamId stream;
    Instant sealed_at{};
    std::vector<std::byte> packet;
  };

  explicit RelayModel(std::uint64_t seed) : rng(seed) {}

  std::size_t join(e2e::RoomOptions options = {}, const Seed* seed = nullptr);
  void leave(std::size_t who, bool says_bye);
  void run(Duration time);
  /// Tells one client the room as the relay sees it, now and in full.
  void tell(std::size_t who);
  void deliver_update(std::size_t to, proto::RoomUpdate update);
  [[nodiscard]] proto::RoomUpdate full_room(std::size_t for_whom);
  [[nodiscard]] e2e::RoomSession& session(std::size_t who) { return *clients[who]->session; }
  [[nodiscard]] bool all_locked() const;
  [[nodiscard]] bool hears(std::size_t listener, std::size_t talker) const;
  e2e::MediaResult talk(std::size_t who);
  void open(Client& listener, const Sound& sound, bool must_open);

  SeededRng rng;
  Weather weather;
  Instant now{1h};
  Duration talk_interval = 60ms;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<Sound> recent;  // The last packets of everybody.
  bool keeps_recent = false;
  bool feeds_departed = false;  // The relay passes media on to those who left less than 4 s ago.
  bool checks_gaps = false;     // Established listeners open all that arrives.
  std::function<bool(std::size_t from, std::size_t to, std::vector<std::byte>& body)> tamper;
  std::vector<std::string> violations;
  std::uint64_t gaps = 0, sealed = 0, opened = 0;
  Duration worst_exposure{};  // Longest a departed one could listen after the sender knew.

 private:
  struct Item {
    std::size_t to;
    std::size_t from;
    std::optional<proto::RoomUpdate> update;
    std::vector<std::byte> body;
    std::optional<Sound> sound;
  };
  void step();
  void drain(Client& client);
  void deliver(Item& item);
  void record_signal(std::size_t from, const std::vector<std::byte>& body);
  void post(Item item, double loss);
  void announce();
  [[nodiscard]] proto::RoomParticipant listing(const Client& client) const;

  std::multimap<Instant, Item> in_flight_;
  std::uint64_t revision_ = 0;
  std::uint16_t next_stream_ = 1;
  Instant next_talk_{};
  std::unordered_set<std::uint64_t> media_nonces_;
  std::set<std::string> signal_nonces_;
  std::map<std::string, std::vector<std::byte>> auths_;
};

}  // namespace wzp::crypto::test
