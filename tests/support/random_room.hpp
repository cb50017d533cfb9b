/// \file
/// Eight people who come and go at random while everybody talks, through a relay that helps those
/// who left: it goes on sending them everything, and gives newcomers what was said before.
#pragma once

#include <memory>
#include <vector>

#include "hostile_relay.hpp"
#include "room_watch.hpp"

namespace wzp::test {

/// Real calls over real QUIC connections, in virtual time.
class RandomRoom {
 public:
  struct Options {
    std::size_t people = 8;
    std::uint64_t seed = 1;
    double loss = 0.05;  ///< Each way between each client and the relay.
    std::chrono::milliseconds delay{20};
    std::chrono::milliseconds jitter{30};     ///< Overtaking allowed.
    std::chrono::milliseconds shortest{200};  ///< Between two events.
    std::chrono::milliseconds longest{800};
  };

  explicit RandomRoom(const Options& options);
  RandomRoom(RandomRoom&&) = delete;
  ~RandomRoom();
  void run(std::size_t events);

  transport::SimNetwork net;
  HostileRelay relay;
  RoomWatch watch;

 private:
  struct Person;
  void act(Person& person);
  void join(Person& person);
  void leave(Person& person);
  void note_admissions();
  void play_old_packets_to(StreamId newcomer);
  [[nodiscard]] std::size_t present() const;

  Options options_;
  SeededRng dice_;
  std::vector<std::unique_ptr<Person>> people_;
};

}  // namespace wzp::test
