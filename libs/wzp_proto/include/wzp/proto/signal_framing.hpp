/// \file
/// One signal per stream: a u32 length, then that many bytes of JSON. Format: docs/wire/signals.md,
/// "Stream framing".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/signal.hpp"

namespace wzp::proto {

inline constexpr std::size_t kSignalPrefixBytes = 4;

/// Length and JSON text of a signal, ready for a stream that is finished behind them.
/// \return kTooLong if the text is above kMaxSignalBytes.
[[nodiscard]] WZP_PROTO_EXPORT Result<std::string> write_signal_frame(const Signal& signal);

/// Collects one message from a stream that arrives in pieces. Memory grows with the bytes that
/// arrived, never with the length a peer announced. Errors are sticky.
class WZP_PROTO_EXPORT SignalFrameReader {
 public:
  explicit SignalFrameReader(std::size_t max_message_bytes = kMaxSignalBytes) noexcept
      : limit_(max_message_bytes) {}

  /// Takes the next bytes of the stream; bytes behind the message are ignored, as the reference
  /// does. \return whether the message is complete; kTooLong if the announced length is above the
  /// limit (then reset the stream).
  [[nodiscard]] Result<bool> feed(ByteView bytes);

  /// To be called at the end of the stream. \return kEndOfStream if the message is not complete.
  [[nodiscard]] Result<void> finish() const noexcept;

  [[nodiscard]] bool complete() const noexcept { return have_length_ && bytes_.size() == length_; }
  /// The JSON bytes. Requires: complete().
  [[nodiscard]] ByteView message() const noexcept { return bytes_; }
  /// Hands the bytes over; the reader is as after reset().
  [[nodiscard]] std::vector<std::byte> take();

  /// Bytes of the message that have arrived.
  [[nodiscard]] std::size_t received() const noexcept { return bytes_.size(); }
  /// What the peer announced; 0 before its four bytes have arrived.
  [[nodiscard]] std::size_t announced_length() const noexcept { return length_; }
  /// Bytes came behind the message.
  [[nodiscard]] bool has_excess() const noexcept { return has_excess_; }
  /// For the next stream; keeps the memory.
  void reset() noexcept;

 private:
  Result<void> take_prefix(ByteView& bytes);

  std::size_t limit_;
  std::array<std::byte, kSignalPrefixBytes> prefix_{};
  std::size_t prefix_size_ = 0;
  bool have_length_ = false;
  bool failed_ = false;
  bool has_excess_ = false;
  std::size_t length_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace wzp::proto
