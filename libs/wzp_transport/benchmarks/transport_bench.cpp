// What fan-out costs: a minimal relay on the UDP driver, loaded over loopback sockets.
//
//   bench-transport room N [FPS] [TICK_US]     one room of N, all talking
//   bench-transport pairs N [FPS] [TICK_US]    N rooms of two
//   bench-transport idle N                     memory of N silent connections
//   bench-transport handshakes N               N connections, one after another 50 at a time
//   bench-transport flood N                    N spoofed first packets and stray packets, in
//   process
//
// Each scene runs the plain-UDP floor in the same process first. CPU is user + system time of the
// relay's thread. One JSON line per scene and carrier.
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <unordered_map>

#include "../src/udp_socket.hpp"
#include "load_clients.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

using namespace wzp;
using namespace wzp::transport;
using namespace wzp::transport::bench;
using namespace std::chrono_literals;

namespace {

double thread_cpu_seconds() {
  timespec ts{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return static_cast<double>(ts.tv_sec) + static_cast<double>(ts.tv_nsec) * 1e-9;
}

double resident_kb() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  statm >> pages >> pages;
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

void pin(std::thread& thread, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::pthread_setaffinity_np(thread.native_handle(), sizeof set, &set);
}

// A relay of a few lines: everybody with the same server name gets everybody else's datagrams.
class FanOut {
 public:
  explicit FanOut(Endpoint& endpoint) : endpoint_(endpoint) {}

  void on_turn(Instant now) {
    while (auto event = endpoint_.poll_event()) {
      if (const auto* d = std::get_if<DatagramReceived>(&*event)) {
        forward(*d, now);
      } else if (const auto* c = std::get_if<Connected>(&*event)) {
        if (room_of_.size() <= c->connection.slot) room_of_.resize(c->connection.slot + 1);
        room_of_[c->connection.slot] = &rooms_[c->server_name];
        rooms_[c->server_name].push_back(c->connection);
        ++connected;
      }
    }
  }
  std::atomic<std::size_t> connected{0};

 private:
  void forward(const DatagramReceived& d, Instant now) {
    for (const ConnectionHandle member : *room_of_[d.connection.slot]) {
      if (member != d.connection) endpoint_.send_datagram(member, d.frame, now);
    }
  }
  Endpoint& endpoint_;
  std::unordered_map<std::string, std::vector<ConnectionHandle>> rooms_;
  std::vector<std::vector<ConnectionHandle>*> room_of_;
};

struct Sample {
  double cpu_seconds = 0;
  double wall_seconds = 0;
};

// One relay thread, one load thread; measures for some seconds after the load is up.
struct Scene {
  std::string name;
  LoadOptions load;
  std::chrono::microseconds tick{0};
  double seconds = 4;
};

void report(const Scene& scene, const char* carrier, const LoadResult& r, const Sample& s,
            double kb_per_connection) {
  std::vector<std::uint32_t> latency = r.latency_us;
  std::sort(latency.begin(), latency.end());
  const auto at = [&](double q) {
    return latency.empty() ? 0U : latency[static_cast<std::size_t>(q * double(latency.size() - 1))];
  };
  const double expected =
      static_cast<double>(r.sent) * static_cast<double>(scene.load.room_size - 1);
  std::printf(
      "{\"scene\":\"%s\",\"carrier\":\"%s\",\"clients\":%zu,\"tick_us\":%lld,"
      "\"delivered_per_second\":%.0f,\"loss\":%.4f,\"cpu_us_per_frame\":%.3f,\"cpu_share\":%.2f,"
      "\"latency_us_p50\":%u,\"latency_us_p99\":%u,\"rss_kb_per_connection\":%.1f}\n",
      scene.name.c_str(), carrier, scene.load.clients, static_cast<long long>(scene.tick.count()),
      double(r.received) / s.wall_seconds,
      expected > 0 ? std::max(0.0, 1 - double(r.received) / expected) : 0.0,
      r.received > 0 ? s.cpu_seconds * 1e6 / double(r.received) : 0.0,
      s.cpu_seconds / s.wall_seconds, at(0.5), at(0.99), kb_per_connection);
  std::fflush(stdout);
}

// Asks the relay's thread for its CPU time by running on it.
class Relay {
 public:
  explicit Relay(const Scene& scene) {
    EndpointConfig config = EndpointConfig::for_server();
    config.retry.half_open_limit = 1000;
    endpoint_ = std::make_unique<Endpoint>(config, TlsContext::make_self_signed_server(), rng_);
    fan_out_ = std::make_unique<FanOut>(*endpoint_);
    UdpDriverConfig socket;
    socket.listen = SocketAddress::loopback_ipv4(0);
    socket.flush_tick = scene.tick;
    driver_ = std::make_unique<UdpDriver>(UdpDriver::open(io_, *endpoint_, socket).value());
    address = driver_->local_address();
    driver_->start([this](Instant now) {
      fan_out_->on_turn(now);
      cpu_seconds = thread_cpu_seconds();
    });
    thread_ = std::thread([this] { io_.run(); });
    pin(thread_, 0);
  }
  ~Relay() {
    io_.stop();
    thread_.join();
  }
  [[nodiscard]] std::size_t connected() const { return fan_out_->connected; }
  SocketAddress address;
  std::atomic<double> cpu_seconds{0};

 private:
  SeededRng rng_{1};
  boost::asio::io_context io_{1};
  std::unique_ptr<Endpoint> endpoint_;
  std::unique_ptr<FanOut> fan_out_;
  std::unique_ptr<UdpDriver> driver_;
  std::thread thread_;
};

// The floor: the same batches of plain datagrams, members by source address.
class PlainRelay {
 public:
  explicit PlainRelay(const Scene& scene) : room_size_(scene.load.room_size) {
    UdpDriverConfig config;
    config.listen = SocketAddress::loopback_ipv4(0);
    socket_.emplace(std::move(UdpSocket::open(config, counters_).value()));
    address = socket_->local();
    thread_ = std::thread([this] { run(); });
    pin(thread_, 0);
  }
  ~PlainRelay() {
    stop_ = true;
    thread_.join();
  }
  SocketAddress address;
  std::atomic<double> cpu_seconds{0};

 private:
  void run() {
    TxBatch batch;
    while (!stop_) {
      fd_set set;
      FD_ZERO(&set);
      FD_SET(socket_->fd(), &set);
      timeval tv{0, 50'000};
      ::select(socket_->fd() + 1, &set, nullptr, nullptr, &tv);
      socket_->receive([&](const SocketAddress& from, const SocketAddress&, ByteView bytes) {
        forward(batch, from, bytes);
      });
      socket_->send(batch);
      batch.clear();
      cpu_seconds = thread_cpu_seconds();
    }
  }
  void forward(TxBatch& batch, const SocketAddress& from, ByteView bytes) {
    const auto [it, fresh] = index_.try_emplace(from, members_.size());
    if (fresh) members_.push_back(from);
    const std::size_t first = it->second / room_size_ * room_size_;
    for (std::size_t i = first; i < std::min(first + room_size_, members_.size()); ++i) {
      if (i == it->second) continue;
      MutableBytes room = batch.room(bytes.size());
      if (room.empty()) {
        socket_->send(batch);
        batch.clear();
        room = batch.room(bytes.size());
      }
      std::copy(bytes.begin(), bytes.end(), room.begin());
      batch.commit(bytes.size(), members_[i]);
    }
  }
  std::size_t room_size_;
  UdpDriverCounters counters_;
  std::optional<UdpSocket> socket_;
  std::unordered_map<SocketAddress, std::size_t> index_;
  std::vector<SocketAddress> members_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

template <class AnyRelay>
Sample measure(const Scene& scene, AnyRelay& relay, LoadClients& clients) {
  std::atomic<bool> stop{false};
  std::atomic<bool> measuring{false};
  std::thread load([&] { clients.run(stop, measuring); });
  pin(load, 1);
  std::this_thread::sleep_for(1500ms);
  const double cpu = relay.cpu_seconds;
  const auto start = std::chrono::steady_clock::now();
  measuring = true;
  std::this_thread::sleep_for(std::chrono::duration<double>(scene.seconds));
  measuring = false;
  Sample s;
  s.cpu_seconds = relay.cpu_seconds - cpu;
  s.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  stop = true;
  load.join();
  return s;
}

void run_floor(Scene scene) {
  scene.load.quic = false;
  PlainRelay relay(scene);
  scene.load.relay = relay.address;
  LoadClients clients(scene.load);
  const Sample s = measure(scene, relay, clients);
  report(scene, "udp", clients.result(), s, 0);
}

void run_quic(Scene scene) {
  Relay relay(scene);
  scene.load.relay = relay.address;
  LoadClients clients(scene.load);
  const double before = resident_kb();
  const double cpu = relay.cpu_seconds;
  const auto start = std::chrono::steady_clock::now();
  if (!clients.connect()) {
    std::fprintf(stderr, "the clients could not connect\n");
    std::exit(1);
  }
  const double wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double kb = (resident_kb() - before) / static_cast<double>(scene.load.clients);
  const double handshake_us = (relay.cpu_seconds - cpu) * 1e6 / double(scene.load.clients);
  std::fprintf(stderr, "%zu connections in %.2f s, %.0f us of relay CPU each\n", scene.load.clients,
               wall, handshake_us);
  const Sample s = measure(scene, relay, clients);
  report(scene, "quic", clients.result(), s, kb);
}

// Memory of the server alone: both ends live in this process, so that clients are counted apart.
void run_idle(std::size_t n) {
  SeededRng rng(1);
  EndpointConfig config = EndpointConfig::for_server();
  config.retry.half_open_limit = n;
  config.max_half_open = n;
  Endpoint server(config, TlsContext::make_self_signed_server(), rng);
  const TlsContext tls = TlsContext::make_client();
  TxBatch batch;
  const Instant now = UdpDriver::now();
  const auto at = SocketAddress::loopback_ipv4(1);
  double server_kb = 0;
  std::size_t connected = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto from = SocketAddress::ipv4(
        {10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}, 999);
    Endpoint client(EndpointConfig::for_client(), tls, rng);
    static_cast<void>(client.connect(at, "room", now));
    for (int round = 0; round < 6; ++round) {
      static_cast<void>(client.flush(batch, now));
      for (const auto& e : batch.entries()) {
        for (std::size_t k = 0; k < e.segments(); ++k)
          server.receive(from, at, batch.segment(e, k), now);
      }
      batch.clear();
      static_cast<void>(server.flush(batch, now));
      for (const auto& e : batch.entries()) {
        for (std::size_t k = 0; k < e.segments(); ++k)
          client.receive(at, {}, batch.segment(e, k), now);
      }
      batch.clear();
      while (const auto event = server.poll_event()) {
        if (std::get_if<Connected>(&*event) != nullptr) ++connected;
      }
    }
    if (i == 50) server_kb = resident_kb();  // the first ones pay for tables and caches
  }
  std::printf("{\"scene\":\"idle\",\"connections\":%zu,\"rss_kb_per_connection\":%.1f}\n",
              connected, (resident_kb() - server_kb) / static_cast<double>(n - 51));
}

// First packets of N clients that never go on, as a spoofing attacker would send them.
std::vector<std::vector<std::byte>> first_packets(std::size_t n) {
  SeededRng rng(7);
  const TlsContext tls = TlsContext::make_client();
  std::vector<std::vector<std::byte>> packets;
  TxBatch batch;
  for (std::size_t i = 0; i < n; ++i) {
    Endpoint client(EndpointConfig::for_client(), tls, rng);
    static_cast<void>(client.connect(SocketAddress::loopback_ipv4(1), "room", UdpDriver::now()));
    static_cast<void>(client.flush(batch, UdpDriver::now()));
    const ByteView p = batch.segment(batch.entries()[0], 0);
    packets.emplace_back(p.begin(), p.end());
    batch.clear();
  }
  return packets;
}

void flood_scene(const char* name, const EndpointConfig& config,
                 const std::vector<std::vector<std::byte>>& packets) {
  SeededRng rng(1);
  Endpoint server(config, TlsContext::make_self_signed_server(), rng);
  TxBatch batch;
  const Instant now = UdpDriver::now();
  const double cpu = thread_cpu_seconds();
  std::uint16_t n = 0;
  for (const auto& p : packets) {
    ++n;
    server.receive(SocketAddress::ipv4(
                       {10, 1, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}, n),
                   {}, p, now);
    if (n % 64 != 0) continue;
    while (server.flush(batch, now)) batch.clear();
    batch.clear();
  }
  const EndpointCounters& c = server.counters();
  std::printf(
      "{\"scene\":\"flood: %s\",\"packets\":%zu,\"us_per_packet\":%.2f,\"half_open\":%zu,"
      "\"retries\":%llu,\"dropped\":%llu,\"bytes_out_per_byte_in\":%.2f}\n",
      name, packets.size(), (thread_cpu_seconds() - cpu) * 1e6 / double(packets.size()),
      server.half_open_count(), static_cast<unsigned long long>(c.retries_sent),
      static_cast<unsigned long long>(c.initials_dropped),
      double(c.bytes_out) / double(c.bytes_in));
}

void run_flood(std::size_t n) {
  const auto initials = first_packets(n);
  EndpointConfig config = EndpointConfig::for_server();
  config.retry.half_open_limit = n;
  config.max_half_open = n;
  flood_scene("handshake begun", config, initials);
  config.retry.half_open_limit = 0;
  config.retry.max_retries_per_second = 4'000'000'000;
  flood_scene("retry", config, initials);
  config.retry.max_retries_per_second = 0;
  flood_scene("over the retry rate", config, initials);
  flood_scene("stray short packets", config, std::vector(n, std::vector<std::byte>(100)));
}

}  // namespace

int main(int argc, char** argv) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: bench-transport room|pairs|idle|handshakes|flood N [FPS] [TICK_US]\n");
    return 2;
  }
  const std::string name = argv[1];
  const std::size_t n = std::strtoul(argv[2], nullptr, 10);
  if (name == "idle") {
    run_idle(n);
    return 0;
  }
  if (name == "flood") {
    run_flood(n);
    return 0;
  }
  Scene scene;
  scene.name = name;
  scene.load.clients = name == "pairs" ? 2 * n : n;
  scene.load.room_size = name == "pairs" ? 2 : n;
  scene.load.frames_per_second = argc > 3 ? std::strtod(argv[3], nullptr) : 50;
  scene.tick = std::chrono::microseconds(argc > 4 ? std::strtol(argv[4], nullptr, 10) : 0);
  if (name == "handshakes") scene.load.frames_per_second = 0;
  if (name != "handshakes") run_floor(scene);
  run_quic(scene);
}
