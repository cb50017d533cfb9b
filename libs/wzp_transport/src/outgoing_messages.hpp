// Messages on their way to a peer, one per bidirectional stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/transport/errc.hpp"

namespace wzp::transport {

// Keeps the bytes of messages until they are acknowledged, hands them out in order, and holds back
// what would put too much on the wire at once.
class OutgoingMessages {
 public:
  struct Limits {
    std::size_t max_message_bytes;
    std::size_t max_queued_bytes;
    std::size_t max_in_flight_bytes;
  };
  static constexpr std::size_t kMaxQueued = 1024;

  explicit OutgoingMessages(Limits limits) : limits_(limits) {}

  [[nodiscard]] Result<void> push(ByteView message);

  // A message waits for a stream of its own.
  [[nodiscard]] bool wants_stream() const noexcept {
    return !waiting_.empty() && !in_flight_full();
  }
  void start_next(std::int64_t stream);

  struct Chunk {
    std::int64_t stream;
    ByteView bytes;  // all that is left of the message, the last bytes of its stream
  };
  // What to write next, if anything may be.
  [[nodiscard]] std::optional<Chunk> next_chunk() const noexcept;
  void on_written(std::int64_t stream, std::size_t n, bool fin);
  // Flow control stopped this stream until clear_blocked().
  void on_blocked(std::int64_t stream);
  void clear_blocked() noexcept;
  void on_acked(std::int64_t stream, std::uint64_t offset, std::uint64_t n);
  // The stream is gone for good, its bytes are not needed any more.
  void on_stream_closed(std::int64_t stream);

  [[nodiscard]] bool empty() const noexcept { return queued_bytes_ == 0; }
  [[nodiscard]] std::size_t queued() const noexcept { return waiting_.size() + open_.size(); }
  [[nodiscard]] std::size_t queued_bytes() const noexcept { return queued_bytes_; }
  [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_; }
  [[nodiscard]] bool has_unsent() const noexcept { return !waiting_.empty() || unsent_ != 0; }

 private:
  struct Open {
    std::vector<std::byte> bytes;  // length prefix included
    std::size_t sent = 0;
    std::size_t acked = 0;
    bool fin_sent = false;
    bool blocked = false;
  };
  [[nodiscard]] bool in_flight_full() const noexcept {
    return in_flight_ >= limits_.max_in_flight_bytes;
  }
  void forget(std::map<std::int64_t, Open>::iterator it);

  Limits limits_;
  std::list<std::vector<std::byte>> waiting_;  // a deque takes half a kilobyte even when empty
  std::map<std::int64_t, Open> open_;
  std::size_t unsent_ = 0;  // open streams not written to their end
  std::size_t in_flight_ = 0;
  std::size_t queued_bytes_ = 0;
  std::uint64_t delivered_ = 0;
};

}  // namespace wzp::transport
