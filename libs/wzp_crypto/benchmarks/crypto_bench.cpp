// What sealing a packet, shaking hands and the derivations cost, and what they allocate.
//
// Prints a table and appends one JSON line per row to benchmarks/results/crypto.jsonl, if that
// folder exists below the current one. All rows take turns, batch by batch, so that a slow moment
// of the machine hits all of them; times are processor time, medians over the batches, with the
// 99th percentile.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "wzp/crypto/aead.hpp"
#include "wzp/crypto/e2e_room_session.hpp"
#include "wzp/crypto/handshake.hpp"
#include "wzp/crypto/replay_window.hpp"
#include "wzp/crypto/session.hpp"
#include "wzp/crypto/system_rng.hpp"

using namespace wzp;
using namespace wzp::crypto;

namespace {

std::atomic<std::size_t> allocation_count{0};
constexpr std::size_t kFrame = 60;
constexpr std::string_view kHeader = "twelve bytes";

struct Row {
  std::string name;
  int calls_per_batch;
  std::function<bool()> call;
  std::vector<double> nanoseconds{};
  std::size_t allocations = 0;
};

// Of this thread, so that other programs on the machine do not count.
double cpu_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

bool run_batch(Row& row) {
  const std::size_t before = allocation_count;
  const double start = cpu_nanoseconds();
  bool all = true;
  for (int i = 0; i < row.calls_per_batch; ++i) all = row.call() && all;
  const double took = cpu_nanoseconds() - start;
  row.allocations += allocation_count - before;
  row.nanoseconds.push_back(took / row.calls_per_batch);
  return all;
}

double percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

// The first line of a command's output.
std::string first_line_of(const char* command) {
  std::string out;
  if (std::FILE* pipe = ::popen(command, "r")) {
    char line[128];
    if (std::fgets(line, sizeof line, pipe) != nullptr) out = line;
    ::pclose(pipe);
  }
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

struct Ends {
  Identity caller_identity = Identity::ephemeral(system_rng());
  Identity callee_identity = Identity::ephemeral(system_rng());
  CallerHandshake handshake = CallerHandshake::start(caller_identity, system_rng());
  CalleeHandshake accepted =
      *CalleeHandshake::accept(callee_identity, handshake.offer(), system_rng());
  Session caller{*handshake.finish(accepted.answer())};
  Session callee{accepted.take_keys()};
};

/// Two that share a room, as two calls do: the first talks.
class Couple {
 public:
  static constexpr std::size_t kPacket = 12 + kFrame + 16;

  explicit Couple(const Ends& ends)
      : talker_(ends.caller_identity, {}, system_rng(), now_),
        listener_(ends.callee_identity, {}, system_rng(), now_) {
    const proto::RoomParticipant a{kTalker, talker_.hello(), {}, {}, {}};
    const proto::RoomParticipant b{kListener, listener_.hello(), {}, {}, {}};
    talker_.handle_room({1, 0, kTalker, {a, b}, {}}, now_);
    listener_.handle_room({1, 0, kListener, {a, b}, {}}, now_);
    for (int i = 0; i < 4; ++i) exchange();
  }
  bool seal_and_open() {
    now_ += std::chrono::milliseconds(20);
    if (++packets_ % 32 == 0) exchange();  // keys are changed every 49,152 packets
    const auto sealed = talker_.seal_media(header_, frame_, {}, packet_, now_);
    return sealed && sealed->size == kPacket &&
           listener_.open_media(kTalker, packet_, frame_, now_).has_value();
  }

 private:
  static constexpr StreamId kTalker{1};
  static constexpr StreamId kListener{2};

  void exchange() {
    talker_.handle_deadline(now_);
    listener_.handle_deadline(now_);
    while (auto s = talker_.poll_signal()) listener_.handle_peer_signal(kTalker, s->body, now_);
    while (auto s = listener_.poll_signal()) talker_.handle_peer_signal(kListener, s->body, now_);
    std::array<std::byte, 64> room{};
    const auto comfort = listener_.seal_media(header_, {}, {}, room, now_);
    if (comfort) {
      static_cast<void>(
          talker_.open_media(kListener, ByteView(room).first(comfort->size), frame_, now_));
    }
  }

  Instant now_{std::chrono::hours(1)};
  std::uint64_t packets_ = 0;
  e2e::RoomSession talker_;
  e2e::RoomSession listener_;
  std::array<std::byte, 12> header_{};
  std::array<std::byte, kFrame> frame_{};
  std::array<std::byte, kPacket> packet_{};
};

bool shake_hands(const Ends& ends) {
  auto caller = CallerHandshake::start(ends.caller_identity, system_rng());
  const auto callee = CalleeHandshake::accept(ends.callee_identity, caller.offer(), system_rng());
  return callee && caller.finish(callee->answer());
}

std::vector<Row> rows_for(Ends& ends) {
  static std::array<std::byte, kFrame> frame{};
  static std::array<std::byte, kFrame + Session::kOverhead> packet{};
  static const AeadKey key = AeadKey::random(system_rng());
  static const ByteView header = as_byte_view(kHeader);
  static ReplayWindow window;
  static std::uint16_t seq = 0;
  static const Secret<32> secret = Secret<32>::random(system_rng());
  static const ExchangeKey point = exchange_public_key(Secret<32>::random(system_rng()));
  static const Signature signature = ends.caller_identity.sign({header});
  static const Seed seed = Seed::generate(system_rng());
  static const SecretBytes words = seed.mnemonic();
  static Couple couple(ends);
  constexpr int kFast = 2000;
  constexpr int kSlow = 10;
  return {
      {"session seal+open, 60 B", kFast,
       [&ends] {
         return ends.caller.seal(header, frame, packet).has_value() &&
                ends.callee.open(header, packet, frame, Instant()).has_value();
       }},
      {"e2e media seal+open, 60 B (+16 B)", kFast, [] { return couple.seal_and_open(); }},
      {"AEAD seal, 60 B", kFast,
       [] { return seal(key, AeadNonce{}, header, frame, packet).has_value(); }},
      {"AEAD seal+open, 60 B", kFast,
       [] {
         return seal(key, AeadNonce{}, header, frame, packet).has_value() &&
                open(key, AeadNonce{}, header, ByteView(packet).first(76), frame).has_value();
       }},
      {"AEAD seal+open, 60 B, 8-byte tag", kFast,
       [] {
         return seal_short(key, AeadNonce{}, header, frame, packet).has_value() &&
                open_short(key, AeadNonce{}, header, ByteView(packet).first(68), frame).has_value();
       }},
      {"replay window, check and mark", kFast, [] { return window.accept(++seq); }},
      {"handshake, both sides", kSlow, [&ends] { return shake_hands(ends); }},
      {"X25519 agreement", kSlow, [] { return agree(secret, point).has_value(); }},
      {"Ed25519 sign", kSlow, [&ends] { return ends.caller_identity.sign({header}) == signature; }},
      {"Ed25519 verify", kSlow,
       [&ends] { return verify(ends.caller_identity.public_key(), {header}, signature.bytes); }},
      {"HKDF extract and expand", kSlow * 10,
       [] {
         return !(hkdf_expand<32>(hkdf_extract({}, {secret.reveal()}), {header}) == Secret<32>());
       }},
      {"identity from seed", kSlow,
       [] { return Identity::from_seed(seed).public_key() != IdentityKey(); }},
      {"mnemonic to seed", kSlow * 10,
       [] { return Seed::from_mnemonic(words.reveal_text()).has_value(); }},
  };
}

std::string json_line(const Row& row, const std::string& where) {
  char text[256];
  std::snprintf(text, sizeof text,
                "{\"benchmark\":\"crypto\",\"name\":\"%s\",\"ns_p50\":%.1f,\"ns_p99\":%.1f,"
                "\"allocations_per_call\":%.2f,",
                row.name.c_str(), percentile(row.nanoseconds, 0.5),
                percentile(row.nanoseconds, 0.99),
                static_cast<double>(row.allocations) /
                    (static_cast<double>(row.nanoseconds.size()) * row.calls_per_batch));
  return text + where;
}

}  // namespace

void* operator new(std::size_t size) {
  ++allocation_count;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

int main() {
  Ends ends;
  std::vector<Row> rows = rows_for(ends);
  constexpr int kBatches = 300;
  for (Row& row : rows) row.nanoseconds.reserve(kBatches + 1);
  for (int batch = -10; batch < kBatches; ++batch) {
    for (Row& row : rows) {
      if (!run_batch(row)) {
        std::fprintf(stderr, "error: %s failed\n", row.name.c_str());
        return 1;
      }
      if (batch < 0) row.nanoseconds.clear(), row.allocations = 0;  // Warming up.
    }
  }
  const std::string where = "\"cpu\":\"" + processor() +
                            "\",\"compiler\":\"" __VERSION__ "\",\"commit\":\"" +
                            first_line_of("git rev-parse --short HEAD 2>/dev/null") +
                            "\",\"unix_time\":" + std::to_string(std::time(nullptr)) + "}\n";
  std::ofstream results("benchmarks/results/crypto.jsonl", std::ios::app);
  std::printf("%-34s %12s %12s %12s\n", "", "ns (median)", "ns (p99)", "allocations");
  for (const Row& row : rows) {
    std::printf("%-34s %12.0f %12.0f %12.2f\n", row.name.c_str(), percentile(row.nanoseconds, 0.5),
                percentile(row.nanoseconds, 0.99),
                static_cast<double>(row.allocations) /
                    (static_cast<double>(row.nanoseconds.size()) * row.calls_per_batch));
    if (results) results << json_line(row, where);
  }
  return 0;
}
