/// \file
/// Runs a sans-I/O core on a Boost.Asio loop. Like asio_udp_driver.hpp it names Asio types.
#pragma once

#include <functional>
#include <memory>

#include "wzp/proto/time.hpp"
#include "wzp/transport/asio_udp_driver.hpp"
#include "wzp/transport/export.hpp"

namespace wzp::transport {

/// Gives a core (a relay, a call) a turn after each batch of packets and at the core's own
/// deadlines:
///
///     AsioCoreLoop loop(io, driver, [&](Instant now) {
///       relay.handle_turn(now);
///       return relay.next_deadline();
///     });
///     io.run();
///
/// Everything happens on the thread that runs `io`; driver and io must outlive the loop.
class WZP_TRANSPORT_EXPORT AsioCoreLoop {
 public:
  /// Does what is due and returns when it wants to be called again at the latest.
  using Turn = std::function<Instant(Instant now)>;

  /// Starts the driver and asks for a first turn.
  AsioCoreLoop(boost::asio::io_context& io, UdpDriver& driver, Turn turn);
  ~AsioCoreLoop();
  AsioCoreLoop(AsioCoreLoop&&) = delete;
  AsioCoreLoop& operator=(AsioCoreLoop&&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::transport
