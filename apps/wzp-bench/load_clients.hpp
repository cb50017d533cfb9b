/// \file
/// The load side of the relay benchmark: many clients, one socket each, on the calling thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "wzp/proto/rng.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::bench {

struct LoadOptions {
  std::uint16_t relay_port = 0;  ///< On 127.0.0.1.
  std::size_t clients = 50;
  std::size_t room_size = 50;  ///< Clients i and j share a room if i / room_size == j / room_size.
  std::size_t talkers_per_room = SIZE_MAX;
  double frames_per_second = 50;  ///< Per talker; 0: silence.
  std::size_t frame_bytes = 120;  ///< Media packet with header, as sealed by a client.
  /// What arrives is looked at that much later, so that acknowledgements come as on a real path.
  Duration round_trip = std::chrono::milliseconds(40);
  bool quic = true;  ///< false: plain datagrams, for the floor.
};

/// Latency is counted from sending to arrival at the receiver's socket, without the emulated delay.
struct LoadResult {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::vector<std::uint32_t> latency_us;  ///< Of each sixteenth frame.
};

class LoadClients {
 public:
  explicit LoadClients(const LoadOptions& options);
  ~LoadClients();
  LoadClients(LoadClients&&) = delete;

  /// Brings all into their rooms; false if that takes more than `limit`.
  bool join(std::chrono::seconds limit);
  /// Closes all connections, as clients do that hang up.
  void leave();
  /// Sends and receives until `stop`; counts while `measuring`.
  void run(const std::atomic<bool>& stop, const std::atomic<bool>& measuring);
  [[nodiscard]] const LoadResult& result() const noexcept { return result_; }
  [[nodiscard]] std::size_t joined() const noexcept { return joined_; }
  /// Copies all receivers together should have got.
  [[nodiscard]] std::uint64_t expected() const noexcept;

 private:
  struct Client;
  struct Arrival {
    Instant due;
    std::int64_t arrived;  // ns, as the kernel took it in
    std::size_t client;
    std::vector<std::byte> bytes;
  };
  void open_client(std::size_t i);
  void start_client(std::size_t i, Instant now);
  void receive_from(std::size_t i, Instant now);
  void process_arrivals(Instant now);
  void take_events(Client& client, std::int64_t arrived, Instant now);
  void take_message(Client& client, ByteView message, Instant now);
  void take_trunk(ByteView datagram, std::int64_t arrived);
  void take_frame(ByteView time_stamped, std::int64_t arrived);
  void send_frames(Instant now);
  void send_frame(Client& client, Instant now);
  void flush(Client& client, Instant now);
  void run_timers(Instant now);
  void poll(Duration timeout);

  LoadOptions options_;
  SeededRng rng_{4711};
  transport::TlsContext tls_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::deque<Arrival> arrivals_;
  std::vector<std::vector<std::byte>> spare_;
  transport::TxBatch batch_;
  int epoll_ = -1;
  bool measuring_ = false;
  std::size_t joined_ = 0;
  Instant timers_at_{};
  LoadResult result_;
};

}  // namespace wzp::bench
