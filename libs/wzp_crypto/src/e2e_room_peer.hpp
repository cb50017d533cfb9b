// What a RoomSession keeps of one participant, and the limits that hold for each.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "e2e_pair_slots.hpp"
#include "wzp/crypto/e2e_receiver_keys.hpp"
#include "wzp/crypto/e2e_sender_keys.hpp"

namespace wzp::crypto::e2e {

// `burst` at once, then one per `interval`.
class Budget {
 public:
  Budget(int burst, Duration interval) : burst_(burst), interval_(interval) {}

  bool take(Instant now) {
    if (next(now) > now) return false;
    full_at_ = std::max(full_at_, now) + interval_;
    return true;
  }
  // When the next one may be taken.
  [[nodiscard]] Instant next(Instant now) const {
    return std::max(now, full_at_ - (burst_ - 1) * interval_);
  }
  [[nodiscard]] bool is_full(Instant now) const { return full_at_ <= now; }

 private:
  int burst_;
  Duration interval_;
  Instant full_at_{};
};

// 20 failures in 10 s: ignored for 10 s.
class FailureLimit {
 public:
  [[nodiscard]] bool ignores(Instant now) const { return now < ignored_until_; }
  void add(Instant now) {
    if (count_ == 0 || now - since_ >= kWindow) {
      since_ = now;
      count_ = 0;
    }
    if (++count_ < kMost) return;
    ignored_until_ = now + kWindow;
    count_ = 0;
  }

 private:
  static constexpr int kMost = 20;
  static constexpr std::chrono::seconds kWindow{10};
  Instant since_{}, ignored_until_{};
  int count_ = 0;
};

// At most once per interval.
class Pace {
 public:
  explicit Pace(Duration interval) : interval_(interval) {}
  bool allows(Instant now) {
    if (last_ && now - *last_ < interval_) return false;
    last_ = now;
    return true;
  }

 private:
  Duration interval_;
  std::optional<Instant> last_;
};

struct Peer {
  Peer(HolderId number, const Hello& hello)
      : id(number),
        identity(hello.identity),
        instance(hello.instance),
        keys(hello.identity, hello.instance) {}

  HolderId id;
  IdentityKey identity;
  InstanceId instance;
  StreamId stream;
  // False for one that left but may be listed again: its pairs stay, for to derive them anew would
  // seal with the same keys and counters.
  bool listed = true;
  bool gone = false;      // Said Bye.
  bool silent = false;    // No key until something authentic arrives.
  bool withheld = false;  // Did not answer our renewal.
  bool refused = false;   // A later version was stripped.
  bool announced = false;
  Bytes listed_hello;
  std::string alias;

  PairSlots slots;
  Instant repeat_at = kNever;
  int repeats = 0;
  std::optional<Instant> waiting_since;  // Without an answer.
  bool reported = false;
  std::deque<Bytes> held;  // Sealed under the pending pair.
  Budget builds{3, std::chrono::seconds(2)};
  Bytes waiting_hello;  // The newest one, when builds are used up.
  Instant build_at = kNever;
  FailureLimit failures;

  ReceiverKeys keys;
  std::uint64_t dropped_generations = 0;
  Instant last_authentic{};
  Instant admit_at = kNever;
  Instant probe_at =
      kNever;  // While silent: two that stopped sealing for each other must find back.
  std::optional<Instant> keyless_since, keyless_last;
  Pace requests{std::chrono::seconds(1)}, answers{std::chrono::seconds(1)};
};

}  // namespace wzp::crypto::e2e
