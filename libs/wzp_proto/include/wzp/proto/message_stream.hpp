/// \file
/// Messages over a byte stream, both ways, without the stream: reassembly of what was read,
/// queueing of what is to be written, with limits for a peer that floods or does not read.
///
/// The driver reads at most read_budget() bytes at a time (so each of many streams gets a fair turn
/// and a peer can't fill memory), hands them in, and takes messages out; it writes pending() and
/// says how much went.
///
///     LengthPrefixed format(64 * 1024);
///     MessageStream stream(format, {}, now);
///     while (auto n = socket.read(room.first(stream.read_budget(room.size())))) {
///       if (!stream.handle_data(room.first(n))) return close();
///       while (auto message = stream.poll_message()) on_message(*message);
///       if (stream.failed()) return close();
///     }
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

/// How messages are cut out of a stream and put into one. For users to implement; small on purpose.
class WZP_PROTO_EXPORT MessageFormat {
 public:
  struct Frame {
    ByteView message;      ///< The message within the bytes given.
    std::size_t size = 0;  ///< Bytes it takes on the stream, at least 1.
  };

  virtual ~MessageFormat();
  /// Largest number of bytes one message takes on the stream.
  [[nodiscard]] virtual std::size_t max_size() const noexcept = 0;
  /// The first message in `bytes`; nothing if more bytes are needed; kMalformed (or another error)
  /// if no continuation can make it valid. Must not ask for more than max_size() bytes.
  [[nodiscard]] virtual Result<std::optional<Frame>> decode(ByteView bytes) const noexcept = 0;
  /// Bytes `message` will take on the stream.
  [[nodiscard]] virtual std::size_t encoded_size(ByteView message) const noexcept = 0;
  /// Appends exactly encoded_size(message) bytes.
  virtual void encode(ByteView message, std::vector<std::byte>& out) const = 0;
};

/// u32 length (big-endian), then the message: the framing of signals.
class WZP_PROTO_EXPORT LengthPrefixed final : public MessageFormat {
 public:
  explicit LengthPrefixed(std::size_t max_message_bytes) noexcept : limit_(max_message_bytes) {}
  [[nodiscard]] std::size_t max_size() const noexcept override { return limit_ + 4; }
  [[nodiscard]] Result<std::optional<Frame>> decode(ByteView bytes) const noexcept override;
  [[nodiscard]] std::size_t encoded_size(ByteView message) const noexcept override {
    return message.size() + 4;
  }
  void encode(ByteView message, std::vector<std::byte>& out) const override;

 private:
  std::size_t limit_;
};

struct MessageStreamConfig {
  std::size_t rx_min_bytes = 4096;   ///< A receive buffer never shrinks below this.
  std::uint8_t rx_max_messages = 1;  ///< Receive limit, as multiple of the largest message.
  std::size_t tx_min_bytes = 4096;
  std::uint8_t tx_max_messages = 2;                    ///< Send limit, likewise.
  Duration tx_timeout = std::chrono::seconds(30);      ///< See is_write_stale().
  Duration connect_timeout = std::chrono::seconds(5);  ///< See is_connect_expired().
};

/// One stream. Movable, single-threaded; the format must outlive it.
class WZP_PROTO_EXPORT MessageStream {
 public:
  MessageStream(const MessageFormat& format, const MessageStreamConfig& config, Instant now);
  ~MessageStream();
  MessageStream(MessageStream&&) noexcept;
  MessageStream& operator=(MessageStream&&) noexcept;

  // -- Connecting
  /// The stream is usable. Until then is_connect_expired() may become true.
  void set_connected() noexcept;
  [[nodiscard]] bool connected() const noexcept;
  [[nodiscard]] bool is_connect_expired(Instant now) const noexcept;

  // -- Receiving
  /// How much to read in this turn: what the shared buffer holds, or less if only that much fits.
  [[nodiscard]] std::size_t read_budget(std::size_t shared_buffer_bytes) const noexcept;
  /// Takes bytes that were read. \return kTooLong (nothing taken) if they exceed the budget; the
  /// error of a failed stream.
  Result<void> handle_data(ByteView bytes);
  /// The next complete message; valid until the next call. Nothing if there is none: the rest is
  /// incomplete, or the stream has failed().
  [[nodiscard]] std::optional<ByteView> poll_message() noexcept;
  /// The peer closed its side. \return kEndOfStream if it did so inside a message.
  [[nodiscard]] Result<void> handle_end() const noexcept;
  /// The error that makes this stream unusable: a malformed message.
  [[nodiscard]] std::optional<Errc> failed() const noexcept;

  // -- Sending
  /// Queues a message. \return kTooLong if it is above the format's largest, kQueueFull if the
  /// buffer can't take it now.
  Result<void> queue_message(ByteView message, Instant now);
  /// What to write next; valid until the next call.
  [[nodiscard]] ByteView pending() const noexcept;
  [[nodiscard]] bool has_queued_data() const noexcept { return !pending().empty(); }
  /// `bytes` of pending() were written.
  void handle_written(std::size_t bytes, Instant now) noexcept;
  /// Whether the peer does not read: the oldest queued message and the last write are both older
  /// than the timeout.
  [[nodiscard]] bool is_write_stale(Instant now) const noexcept;

  /// Gives a quarter of unused buffer memory back, down to the minimum; for a timer.
  void shrink_buffers();
  [[nodiscard]] std::size_t rx_capacity() const noexcept;
  [[nodiscard]] std::size_t tx_capacity() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::proto
