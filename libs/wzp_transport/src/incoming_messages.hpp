// Messages a peer sends, one per bidirectional stream: u32 length, bytes, FIN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/signal_framing.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::transport {

// Puts the bytes of the peer's streams together and gives complete messages out in the order in
// which the peer opened the streams. Bytes of one stream must come in order. Knows nothing of QUIC
// but stream numbers, which rise in steps of four.
class IncomingMessages {
 public:
  struct Limits {
    std::size_t max_message_bytes;
    std::size_t max_buffered_bytes;  // of incomplete and overtaken messages
  };
  enum class Verdict { kOk, kTooLong, kBufferFull };

  // `first_stream`: 0 if the peer is the client, 1 if it is the server.
  IncomingMessages(std::int64_t first_stream, Limits limits)
      : next_(first_stream), limits_(limits) {}

  Verdict on_data(std::int64_t stream, ByteView data, bool fin, Instant now);
  // The peer gave the stream up: its message, if incomplete, will never come.
  void on_reset(std::int64_t stream, Instant now);

  // The next message in order, if complete.
  [[nodiscard]] std::optional<std::vector<std::byte>> pop();

  // Whose bytes are wanted next: this stream may get more flow-control credit than it started with.
  [[nodiscard]] std::int64_t head() const noexcept { return next_; }
  // How many bytes of the head stream arrived that no credit was given back for; resets the number.
  [[nodiscard]] std::size_t take_head_credit() noexcept;

  [[nodiscard]] std::size_t buffered_bytes() const noexcept { return buffered_; }
  // Since when the next message in order has made no progress; nothing while none is begun.
  [[nodiscard]] std::optional<Instant> waiting_since() const noexcept;
  // What was wrong with messages since the last call.
  struct Irregular {
    std::uint64_t truncated = 0;    // ended or reset before their announced length
    std::uint64_t with_excess = 0;  // followed by bytes that belong to nothing
  };
  [[nodiscard]] Irregular take_irregular() noexcept { return std::exchange(irregular_, {}); }
  // The length a peer announced when on_data() returned kTooLong.
  [[nodiscard]] std::size_t refused_length() const noexcept { return refused_length_; }

 private:
  struct Stream {
    explicit Stream(std::size_t max_message_bytes) : reader(max_message_bytes) {}
    proto::SignalFrameReader reader;
    std::size_t uncredited = 0;
    bool broken = false;  // ended before its message did
  };

  Stream& stream_at(std::int64_t stream) {
    return streams_.try_emplace(stream, limits_.max_message_bytes).first->second;
  }
  bool feed(Stream& s, ByteView data);
  void note_progress(std::int64_t stream, Instant now) noexcept;
  void skip_broken();

  std::int64_t next_;
  Limits limits_;
  std::map<std::int64_t, Stream> streams_;  // from next_ on
  std::size_t buffered_ = 0;
  Instant progress_at_{};
  Irregular irregular_;
  std::size_t refused_length_ = 0;
};

}  // namespace wzp::transport
