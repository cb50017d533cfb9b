/// \file
/// Measures a room in which people come and go: who could open what, and how long anybody was not
/// heard.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "media_audit.hpp"

namespace wzp::test {

/// People are numbered; each joins and leaves any number of times.
class RoomWatch {
 public:
  struct Distribution {
    std::vector<double> milliseconds;
    [[nodiscard]] double quantile(double share) const;
    [[nodiscard]] double worst() const { return quantile(1.0); }
  };

  RoomWatch();
  RoomWatch(RoomWatch&&) = delete;

  std::size_t add(const crypto::IdentityKey& identity);
  [[nodiscard]] MediaAudit::Probe& probe(std::size_t who) { return *probes_[who]; }
  [[nodiscard]] std::size_t number_of(const crypto::IdentityKey& identity) const;

  /// Admitted: nothing sealed before may be opened.
  void joined(std::size_t who, Instant now);
  /// The others are told so, or it says so itself.
  void leaves(std::size_t who, Instant now);
  /// A sender has heard of it.
  void sender_knows(std::size_t sender, std::size_t left, Instant now);
  /// Somebody came or went.
  void note_event(Instant now);
  void forget_before(Instant when) { audit_.forget_before(when); }

  std::uint64_t events = 0;
  std::uint64_t opened = 0;
  /// Of everybody who heard somebody before the event and after it: the longest time without a
  /// packet, for each event; 0 if none was longer than loss explains.
  [[nodiscard]] Distribution outages() const;
  Distribution newcomers;     ///< From admission to being heard by, or hearing, each of the others.
  Duration worst_exposure{};  ///< What who left opens, sealed so long after its sender knew.
  [[nodiscard]] std::vector<std::string> violations() const;

 private:
  struct Pair {
    bool heard_before = false;
    Instant last_opened{};
    bool was_refused = false;  ///< Since then.
  };
  struct Person {
    crypto::IdentityKey identity;
    bool is_in = false;
    Instant joined{};
  };

  void on_opened(std::size_t listener, std::size_t sender, Instant sealed_at, Instant now);
  void on_refused(std::size_t listener, std::size_t sender);
  void note_outage(Duration length);
  void forget_pairs(std::size_t who, Instant now);

  MediaAudit audit_;
  std::vector<MediaAudit::Probe*> probes_;
  std::vector<Person> people_;
  std::map<std::pair<std::size_t, std::size_t>, Pair> pairs_;     // listener, sender
  std::map<std::pair<std::size_t, std::size_t>, Instant> knows_;  // sender, who left
  std::vector<double> outages_;                                   // One for each event.
  std::vector<std::string> violations_;
};

}  // namespace wzp::test
