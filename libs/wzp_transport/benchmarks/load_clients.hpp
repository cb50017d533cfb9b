// The load side of the transport benchmark: many clients, one socket each, on the calling thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "wzp/proto/rng.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::transport::bench {

struct LoadOptions {
  SocketAddress relay;
  std::size_t clients = 50;
  std::size_t room_size = 50;     // clients i and j share a room if i / room_size == j / room_size
  double frames_per_second = 50;  // per client; 0: silent
  std::size_t frame_bytes = 120;
  Duration round_trip = std::chrono::milliseconds(40);  // what arrives is looked at that much later
  bool quic = true;                                     // false: plain datagrams, the floor
};

// Latency is counted from sending to arrival at the receiver's socket, without the emulated delay.
struct LoadResult {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::vector<std::uint32_t> latency_us;
};

class LoadClients {
 public:
  explicit LoadClients(const LoadOptions& options);
  ~LoadClients();

  // Connects all; false if that takes more than 20 s.
  bool connect();
  // Sends and receives until `stop`; counts while `measuring`.
  void run(const std::atomic<bool>& stop, const std::atomic<bool>& measuring);
  [[nodiscard]] const LoadResult& result() const noexcept { return result_; }

 private:
  struct Client;
  struct Arrival {
    Instant due;
    Instant arrived;
    std::size_t client;
    std::vector<std::byte> bytes;
  };
  void open_client(std::size_t i);
  void receive_from(std::size_t i, Instant now);
  void process_arrivals(Instant now);
  void take_frame(ByteView frame, Instant arrived);
  void send_frames(Instant now);
  void flush(Client& client, Instant now);
  void run_timers(Instant now);
  void poll(Duration timeout);

  LoadOptions options_;
  SeededRng rng_{4711};
  TlsContext tls_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::deque<Arrival> arrivals_;
  std::vector<std::vector<std::byte>> spare_;
  TxBatch batch_;
  int epoll_ = -1;
  bool measuring_ = false;
  std::size_t connected_ = 0;
  LoadResult result_;
};

}  // namespace wzp::transport::bench
