#include "wzp/gateway/transport_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "wzp/relay/metrics.hpp"

namespace wzp::gateway {
namespace {

using relay::MetricsText;
using transport::EndpointCounters;
using Type = MetricsText::Type;

struct Cause {
  const char* name;
  std::uint64_t EndpointCounters::*member;
};

constexpr Cause kPacketDrops[] = {
    {"malformed", &EndpointCounters::packets_malformed},
    {"unknown_connection", &EndpointCounters::packets_unknown},
    {"initial_too_short", &EndpointCounters::initials_too_short},
    {"initial_over_limit", &EndpointCounters::initials_dropped},
    {"invalid_token", &EndpointCounters::tokens_invalid},
};
constexpr Cause kDatagramDrops[] = {
    {"unread", &EndpointCounters::datagrams_unread_dropped},
    {"outbox_full", &EndpointCounters::datagrams_dropped_full},
    {"too_old", &EndpointCounters::datagrams_dropped_aged},
};
constexpr Cause kReplies[] = {
    {"retry", &EndpointCounters::retries_sent},
    {"version_negotiation", &EndpointCounters::version_negotiations_sent},
    {"stateless_reset", &EndpointCounters::stateless_resets_sent},
    {"suppressed", &EndpointCounters::replies_suppressed},
};
constexpr Cause kFailures[] = {
    {"handshake_failed", &EndpointCounters::handshakes_failed},
    {"refused", &EndpointCounters::refused},
    {"peer_limit", &EndpointCounters::peer_limits_broken},
};

template <std::size_t N>
void write_causes(MetricsText& out, const char* label, const Cause (&causes)[N],
                  const EndpointCounters& quic) {
  for (const Cause& cause : causes) out.sample(label, cause.name, quic.*cause.member);
}

void write_single(MetricsText& out, const char* name, Type type, const char* help,
                  std::uint64_t value) {
  out.family(name, type, help);
  out.sample(value);
}

std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  in >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t open_files() {
  std::error_code error;
  std::uint64_t count = 0;
  for (auto entry = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ++count;
  }
  return count;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

std::string transport_metrics(const EndpointCounters& quic,
                              const transport::UdpDriverCounters& socket) {
  MetricsText out;
  out.family("wzp_quic_bytes_total", Type::kCounter, "Bytes of UDP payloads.");
  out.sample("direction", "in", quic.bytes_in);
  out.sample("direction", "out", quic.bytes_out);
  out.family("wzp_quic_packets_total", Type::kCounter, "UDP payloads.");
  out.sample("direction", "in", quic.packets_in);
  out.sample("direction", "out", quic.packets_out);
  out.family("wzp_quic_packets_dropped_total", Type::kCounter, "Packets of no use.");
  write_causes(out, "cause", kPacketDrops, quic);
  out.family("wzp_quic_datagrams_dropped_total", Type::kCounter, "Media dropped in the transport.");
  write_causes(out, "cause", kDatagramDrops, quic);
  out.family("wzp_quic_stateless_replies_total", Type::kCounter,
             "Answers to packets without a connection.");
  write_causes(out, "kind", kReplies, quic);
  out.family("wzp_quic_connections_failed_total", Type::kCounter, "Connections QUIC gave up.");
  write_causes(out, "cause", kFailures, quic);
  out.family("wzp_udp_dropped_total", Type::kCounter, "Packets lost at the socket.");
  out.sample("cause", "socket_full", socket.packets_dropped_by_full_socket);
  out.sample("cause", "truncated", socket.packets_truncated);
  out.sample("cause", "send_error", socket.send_errors);
  out.family("wzp_udp_calls_total", Type::kCounter, "System calls that moved packets.");
  out.sample("direction", "in", socket.receive_calls);
  out.sample("direction", "out", socket.send_calls);
  return out.text();
}

std::string process_metrics() {
  MetricsText out;
  write_single(out, "process_resident_memory_bytes", Type::kGauge, "Memory in use.",
               resident_bytes());
  write_single(out, "process_open_fds", Type::kGauge, "Open files and sockets.", open_files());
  out.family("process_cpu_seconds_total", Type::kCounter, "CPU time, user and system.");
  out.real_sample(cpu_seconds());
  return out.text();
}

}  // namespace wzp::gateway
