// What an endpoint costs in process, without sockets. Load over sockets: wzp-bench relay.
//
//   bench-transport idle N     memory of N silent connections
//   bench-transport flood N    N spoofed first packets and stray packets
//
// One JSON line per scene.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>

#include "wzp/transport/asio_udp_driver.hpp"

using namespace wzp;
using namespace wzp::transport;

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
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench-transport idle|flood N\n");
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
  std::fprintf(stderr, "no scene '%s'\n", name.c_str());
  return 2;
}
