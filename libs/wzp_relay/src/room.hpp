/// \file
/// A room: its members, their stream ids, and how changes are told.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "participant.hpp"
#include "wzp/proto/signal.hpp"

namespace wzp::relay {

/// Members are owned by the relay, and in the order in which they joined.
class Room {
 public:
  explicit Room(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::span<Participant* const> members() const noexcept { return members_; }
  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
  /// Null if no member has this stream id.
  [[nodiscard]] Participant* find(StreamId stream) const;

  /// Gives the participant a stream id nobody in the room has, and one revision of the room to
  /// come.
  void add(Participant& participant);
  void remove(Participant& participant);

  /// Counts a packet of a member. True if there were many lately: more for the same receivers will
  /// come within a moment.
  [[nodiscard]] bool note_packet(Instant now, std::uint32_t busy_per_second) noexcept;

  /// The room as `for_whom` is told it in full.
  [[nodiscard]] proto::RoomUpdate full_update(const Participant& for_whom) const;
  /// What changed with the last add() or remove(), as `for_whom` is told it.
  [[nodiscard]] proto::RoomUpdate joined_update(const Participant& for_whom,
                                                const Participant& newcomer) const;
  [[nodiscard]] proto::RoomUpdate left_update(const Participant& for_whom, StreamId left) const;

 private:
  [[nodiscard]] StreamId next_free_stream();

  std::string name_;
  std::vector<Participant*> members_;
  std::uint64_t revision_ = 0;
  // Counts on through all ids before one is used again: at fewer than 1,000 joins a second that
  // takes more than the minute for which an id must not be reused.
  std::uint16_t last_stream_ = 0;
  Instant window_start_{};
  std::uint32_t packets_in_window_ = 0;
  bool busy_ = false;
};

}  // namespace wzp::relay
