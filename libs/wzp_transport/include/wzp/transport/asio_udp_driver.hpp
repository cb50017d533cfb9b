/// \file
/// The Boost.Asio adapter: an Endpoint on a real UDP socket. The only header of wzp::transport that
/// names a type of another library.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "wzp/proto/time.hpp"
#include "wzp/transport/endpoint.hpp"
#include "wzp/transport/errc.hpp"
#include "wzp/transport/export.hpp"
#include "wzp/transport/socket_address.hpp"

namespace boost::asio {
class io_context;
}

namespace wzp::transport {

struct UdpDriverConfig {
  /// Where to listen. [::]:port also takes IPv4 (dual stack); port 0: any free one. By default any
  /// free port of IPv4.
  SocketAddress listen = SocketAddress::ipv4({0, 0, 0, 0}, 0);
  bool reuse_port = false;  ///< Several sockets (shards) on one port.
  /// With reuse_port: the kernel gives a packet to the socket whose position in the order of
  /// binding is the shard in its connection id (EndpointConfig::connection_id), modulo this. 0, 1:
  /// by address, so that a client whose address changes may land on a wrong shard.
  std::uint32_t steer_shards = 0;
  int receive_buffer_bytes = 4 << 20;  ///< Wished; the system may grant less.
  int send_buffer_bytes = 4 << 20;
  bool gso = true;  ///< Let the kernel cut equal-sized packets apart, if it can.
  bool gro = true;  ///< Let the kernel hand over several packets of one sender at once, if it can.
  std::size_t receive_batch = 64;  ///< Messages per system call.
  /// Turns between two looks at the other work of the io_context.
  std::size_t max_batches_per_wakeup = 8;
  /// 0: packets leave at the end of each turn. Otherwise what turns produced is held and packed for
  /// at most this long; 1-2 ms lowers the cost of rooms of 30 and more.
  std::chrono::microseconds flush_tick{0};
};

struct UdpDriverCounters {
  std::uint64_t receive_calls = 0;
  std::uint64_t send_calls = 0;
  std::uint64_t packets_in = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t packets_truncated = 0;  ///< Longer than any QUIC packet we accept.
  std::uint64_t receive_errors = 0;
  std::uint64_t send_errors = 0;  ///< Payloads the system did not take; QUIC treats them as lost.
  std::uint64_t packets_dropped_by_full_socket = 0;
  std::uint64_t turns = 0;
};

/// Owns a non-blocking UDP socket and one timer. After each batch of packets, each timer and each
/// wake() it calls `on_turn(now)`, where the user takes the endpoint's events and sends; then it
/// flushes. All on the thread that runs the io_context; the endpoint and the io_context must
/// outlive the driver. Time is std::chrono::steady_clock.
class WZP_TRANSPORT_EXPORT UdpDriver {
 public:
  using OnTurn = std::function<void(Instant)>;

  /// Binds the socket: kAddressInUse, kAddressNotAvailable, kPermissionDenied, kSocketFailed.
  [[nodiscard]] static Result<UdpDriver> open(boost::asio::io_context& io, Endpoint& endpoint,
                                              const UdpDriverConfig& config);
  ~UdpDriver();
  UdpDriver(UdpDriver&&) noexcept;
  UdpDriver& operator=(UdpDriver&&) noexcept;

  /// Starts receiving. Call once.
  void start(OnTurn on_turn);
  /// Flushes (a close, for instance), stops receiving and closes the socket. The destructor only
  /// does the latter two.
  void stop();
  [[nodiscard]] bool is_running() const noexcept;

  /// Runs a turn soon (from the loop, once however often it is asked for): for senders that act on
  /// their own timers. Call on the io_context's thread.
  void wake();
  /// Flushes now: for a sender that has just queued datagrams and is on the io_context's thread.
  void flush_now();
  void set_flush_tick(std::chrono::microseconds tick);

  /// Replaces the socket by one on another port, as after a change of network.
  [[nodiscard]] Result<void> rebind(const SocketAddress& listen);

  [[nodiscard]] static Instant now() noexcept;
  [[nodiscard]] const SocketAddress& local_address() const noexcept;
  [[nodiscard]] bool uses_gso() const noexcept;
  [[nodiscard]] bool uses_gro() const noexcept;
  [[nodiscard]] const UdpDriverCounters& counters() const noexcept;

 private:
  class Impl;
  explicit UdpDriver(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with pending handlers of the io_context
};

}  // namespace wzp::transport
