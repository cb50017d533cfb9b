/// \file
/// People who come and go while everybody talks, over real sockets on loopback and in real time,
/// through our own relay.
#pragma once

#include <chrono>
#include <memory>

#include "room_watch.hpp"

namespace wzp::test {

class SocketRoom {
 public:
  struct Options {
    std::size_t people = 8;
    std::uint64_t seed = 1;
    std::chrono::milliseconds shortest{250};  ///< Between two events.
    std::chrono::milliseconds longest{450};
  };

  explicit SocketRoom(const Options& options);
  ~SocketRoom();
  SocketRoom(SocketRoom&&) = delete;
  /// Blocks for as long as it takes: about 0.35 s per event.
  void run(std::size_t events);

  RoomWatch watch;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::test
