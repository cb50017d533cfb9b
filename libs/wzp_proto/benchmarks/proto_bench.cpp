// Costs of the hot paths of wzp_proto, one JSON line each, to stdout and to
// benchmarks/results/proto.jsonl (below the working directory, if that folder is there).
//
// Each figure is the median of 15 runs, in processor time of this thread, so that a busy machine
// matters little; the spread is the distance of the quartiles.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "wzp/proto/datagram.hpp"
#include "wzp/proto/jitter_buffer.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/proto/mini_header.hpp"
#include "wzp/proto/qcmp.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/signal.hpp"
#include "wzp/version.hpp"

namespace {

using namespace std::chrono_literals;
using namespace wzp;
using namespace wzp::proto;

constexpr int kRuns = 15;

double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// Keeps the compiler from removing work whose result nobody reads.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// Counts the instructions of this thread, where the kernel allows it.
class InstructionCounter {
 public:
  InstructionCounter() {
#if defined(__linux__)
    perf_event_attr attr{};
    attr.size = sizeof(attr);
    attr.type = PERF_TYPE_HARDWARE;
    attr.config = PERF_COUNT_HW_INSTRUCTIONS;
    attr.exclude_kernel = 1;
    attr.exclude_hv = 1;
    fd_ = static_cast<int>(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
#endif
  }
  ~InstructionCounter() {
#if defined(__linux__)
    if (fd_ >= 0) close(fd_);
#endif
  }
  InstructionCounter(const InstructionCounter&) = delete;
  InstructionCounter& operator=(const InstructionCounter&) = delete;

  [[nodiscard]] std::optional<std::uint64_t> now() const {
#if defined(__linux__)
    std::uint64_t count = 0;
    if (fd_ >= 0 && read(fd_, &count, sizeof(count)) == sizeof(count)) return count;
#endif
    return std::nullopt;
  }

 private:
  int fd_ = -1;
};

struct Figure {
  std::string name;
  double ns = 0;
  double spread_ns = 0;
  std::optional<double> instructions;
};

// `work(n)` does the operation n times.
Figure measure(std::string name, std::size_t n, const std::function<void(std::size_t)>& work) {
  const InstructionCounter counter;
  work(n / 4 + 1);
  std::vector<double> ns;
  std::vector<double> instructions;
  for (int run = 0; run < kRuns; ++run) {
    const auto before = counter.now();
    const double start = cpu_ns();
    work(n);
    const double took = cpu_ns() - start;
    const auto after = counter.now();
    ns.push_back(took / static_cast<double>(n));
    if (before && after) {
      instructions.push_back(static_cast<double>(*after - *before) / static_cast<double>(n));
    }
  }
  std::sort(ns.begin(), ns.end());
  Figure figure{std::move(name), ns[kRuns / 2], ns[kRuns * 3 / 4] - ns[kRuns / 4], std::nullopt};
  if (!instructions.empty()) {
    std::sort(instructions.begin(), instructions.end());
    figure.instructions = instructions[instructions.size() / 2];
  }
  return figure;
}

// A stream of packets, each read from its own place and written to another, as a relay does.
Figure header_round_trip() {
  constexpr std::size_t kPackets = 64;
  std::array<std::array<std::byte, 80>, kPackets> in{};
  std::array<std::array<std::byte, 80>, kPackets> out{};
  for (std::size_t i = 0; i < kPackets; ++i) {
    MediaHeader h;
    h.fec_ratio_code = 13;
    h.seq = SeqNo16(static_cast<std::uint16_t>(i));
    static_cast<void>(write_media_header(h, in[i]));
  }
  return measure("media_header_parse_write", 5'000'000, [&](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      auto parsed = parse_media_header(in[i % kPackets]);
      if (!parsed) return;
      ++parsed->seq;
      keep(write_media_header(*parsed, out[i % kPackets]).has_value());
    }
    keep(out);
  });
}

Figure packet_parse() {
  std::array<std::byte, 80> bytes{};
  bytes[0] = std::byte{2};
  return measure("media_packet_parse_with_report", 5'000'000, [&](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto packet = parse_media_packet(bytes);
      keep(packet);
    }
  });
}

Figure mini_round_trip() {
  MiniEncoder encoder;
  MiniDecoder decoder;
  MediaHeader h;
  std::array<std::byte, 60> payload{};
  std::array<std::byte, 80> out{};
  const Instant now(1h);
  return measure("mini_header_write_read", 2'000'000, [&](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      ++h.seq;
      h.timestamp = h.timestamp + 20;
      const auto size = encoder.write({h, payload, std::nullopt}, out);
      const auto read = decoder.read(ByteView(out).first(*size), now);
      keep(read);
    }
  });
}

Figure trunk_iterate() {
  std::array<std::byte, 1200> room{};
  std::array<std::byte, 76> packet{};
  TrunkDatagramWriter writer(room);
  while (writer.add(StreamId{1}, packet)) {
  }
  return measure("trunk_parse_iterate_per_entry", 4'000'000, [&](std::size_t n) {
    for (std::size_t i = 0; i < n / writer.entry_count(); ++i) {
      const auto frame = parse_trunk_datagram(writer.bytes());
      for (const TrunkEntry& entry : *frame) keep(entry);
    }
  });
}

Figure jitter_push_pop() {
  return measure("jitter_push_pop", 400'000, [](std::size_t n) {
    JitterBuffer buffer;
    SeededRng rng(1);
    std::array<std::byte, 60> payload{};
    JitterFrame f;
    f.payload = payload;
    for (std::size_t i = 0; i < n; ++i) {
      const Instant now = Instant(1h) + std::chrono::milliseconds(20 * i);
      f.seq = SeqNo16(static_cast<std::uint16_t>(i));
      f.timestamp = MediaTime32(static_cast<std::uint32_t>(20 * i));
      static_cast<void>(buffer.push(f, now));
      keep(buffer.pop(now + 1ms));
    }
  });
}

Figure signal_parse(const std::string& name, const Signal& signal, std::size_t n) {
  const std::string text = write_signal(signal);
  return measure(name, n, [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto parsed = parse_signal(as_byte_view(text));
      keep(parsed);
    }
  });
}

CallOffer typical_offer() {
  CallOffer offer;
  offer.identity_pub.fill(std::byte{0x87});
  offer.ephemeral_pub.fill(std::byte{0xa1});
  offer.signature = Bytes(64, std::byte{0xc8});
  offer.supported_profiles = {kProfileGood, kProfileDegraded, kProfileCatastrophic};
  offer.features = {"stream-id", "e2e/1", "media/2"};
  offer.hello = Bytes(140, std::byte{1});
  return offer;
}

Figure signal_write() {
  const Signal offer = typical_offer();
  return measure("signal_write_call_offer", 20'000, [&](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) keep(write_signal(offer));
  });
}

Figure qcmp_answer() {
  std::array<std::byte, kQcmpMaxSize> ping{};
  std::array<std::byte, kQcmpMaxSize> out{};
  const auto size = write_qcmp(QcmpPing{7, 8}, ping);
  QcmpResponder responder;
  return measure("qcmp_respond", 2'000'000, [&](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      keep(responder.respond(ByteView(ping).first(*size), 1, 2, out));
    }
  });
}

std::string line_of(const Figure& f) {
  char text[256];
  char counted[48] = "null";
  if (f.instructions) std::snprintf(counted, sizeof(counted), "%.1f", *f.instructions);
  std::snprintf(text, sizeof(text),
                R"({"library":"proto","name":"%s","ns":%.2f,"spread_ns":%.2f,"instructions":%s,)"
                R"("version":"%s","compiler":"%s"})",
                f.name.c_str(), f.ns, f.spread_ns, counted, WZP_VERSION_STRING, __VERSION__);
  return text;
}

}  // namespace

int main() {
  std::FILE* file = nullptr;
  if (std::filesystem::is_directory("benchmarks/results")) {
    file = std::fopen("benchmarks/results/proto.jsonl", "w");
  }
  const Figure figures[] = {
      header_round_trip(),
      packet_parse(),
      mini_round_trip(),
      trunk_iterate(),
      jitter_push_pop(),
      signal_parse("signal_parse_ping", Ping{1'767'225'600'123}, 50'000),
      signal_parse("signal_parse_call_offer", typical_offer(), 5'000),
      signal_write(),
      qcmp_answer(),
  };
  for (const Figure& f : figures) {
    const std::string line = line_of(f);
    std::printf("%s\n", line.c_str());
    if (file != nullptr) std::fprintf(file, "%s\n", line.c_str());
  }
  if (file != nullptr) std::fclose(file);
  return 0;
}
