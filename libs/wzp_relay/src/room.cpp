#include "room.hpp"

#include <algorithm>

namespace wzp::relay {
namespace {

constexpr std::chrono::milliseconds kRateWindow{50};

proto::RoomParticipant described(const Participant& p) {
  return {p.stream, p.hello, p.feature_names, p.fingerprint.to_text(), p.alias};
}

}  // namespace

Participant* Room::find(StreamId stream) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [stream](const Participant* p) { return p->stream == stream; });
  return found == members_.end() ? nullptr : *found;
}

StreamId Room::next_free_stream() {
  do {
    ++last_stream_;
  } while (last_stream_ == 0 || find(StreamId{last_stream_}) != nullptr);
  return StreamId{last_stream_};
}

void Room::add(Participant& participant) {
  participant.stream = next_free_stream();
  participant.room = this;
  members_.push_back(&participant);
  ++revision_;
}

void Room::remove(Participant& participant) {
  members_.erase(std::find(members_.begin(), members_.end(), &participant));
  participant.room = nullptr;
  ++revision_;
}

bool Room::note_packet(Instant now, std::uint32_t busy_per_second) noexcept {
  ++packets_in_window_;
  const Duration span = now - window_start_;
  if (span >= kRateWindow) {
    const double seconds = std::chrono::duration<double>(span).count();
    busy_ = packets_in_window_ >= busy_per_second * seconds;
    window_start_ = now;
    packets_in_window_ = 0;
  }
  return busy_;
}

proto::RoomUpdate Room::full_update(const Participant& for_whom) const {
  proto::RoomUpdate update{revision_, 0, for_whom.stream, {}, {}};
  for (const Participant* p : members_) update.participants.push_back(described(*p));
  return update;
}

proto::RoomUpdate Room::joined_update(const Participant& for_whom,
                                      const Participant& newcomer) const {
  return {revision_, revision_ - 1, for_whom.stream, {described(newcomer)}, {}};
}

proto::RoomUpdate Room::left_update(const Participant& for_whom, StreamId left) const {
  return {revision_, revision_ - 1, for_whom.stream, {}, {left}};
}

}  // namespace wzp::relay
