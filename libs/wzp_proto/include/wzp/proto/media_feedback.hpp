/// \file
/// What a receiver tells a sender about the path between them, compactly enough to ride on media of
/// 6 kbit/s. Format: docs/wire/feedback.md.
///
/// Counters run on and wrap, so that a lost report costs nothing: the difference of any two reports
/// tells what happened in between (`interval_between`). Delays are arrival time on the receiver's
/// clock minus media time on the sender's; only differences mean anything.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::proto {

/// Names a sender in feedback: the first four bytes of its end-to-end instance. Unlike a stream id
/// it survives a relay that numbers its participants anew.
struct SenderKey {
  std::uint32_t value = 0;
  auto operator<=>(const SenderKey&) const = default;
};

/// How one sender is heard. All counts since its first packet, modulo their size.
struct SenderFeedback {
  static constexpr std::size_t kSize = 16;
  static constexpr std::size_t kBytesUnit = 4;                 ///< Of `bytes_by_4`.
  static constexpr std::chrono::milliseconds kRiseUnit{4};     ///< Of `rise_4ms`.
  static constexpr std::chrono::milliseconds kPlayoutUnit{8};  ///< Of `playout_8ms`.

  SenderKey sender;
  SeqNo16 newest;              ///< Highest packet number.
  std::uint16_t received = 0;  ///< Packets, each once.
  std::uint8_t loss_runs = 0;  ///< Gaps, however long.
  std::uint16_t bytes_by_4 = 0;
  std::uint16_t delay_ms = 0;    ///< Smallest since the report before.
  std::uint8_t rise_4ms = 0;     ///< What the newest packets took more than that.
  std::uint8_t jitter_ms = 0;    ///< RFC 3550, 6.4.1.
  std::uint8_t playout_8ms = 0;  ///< From arrival to playout, at present.

  bool operator==(const SenderFeedback&) const = default;
};

/// One report. At most 15 senders; who hears more takes turns.
struct MediaFeedback {
  static constexpr std::size_t kHeaderSize = 4;
  static constexpr std::size_t kMaxSenders = 15;

  std::uint8_t cap_kbps = 0;  ///< Highest rate wanted of each sender; 0: no limit.
  std::uint16_t at_ms = 0;    ///< Receiver's clock, any origin.
  std::array<SenderFeedback, kMaxSenders> senders{};
  std::size_t count = 0;

  [[nodiscard]] std::span<const SenderFeedback> reports() const noexcept {
    return std::span(senders).first(count);
  }
  /// The report about one sender; null if there is none.
  [[nodiscard]] const SenderFeedback* find(SenderKey sender) const noexcept {
    for (const SenderFeedback& s : reports()) {
      if (s.sender == sender) return &s;
    }
    return nullptr;
  }
};

[[nodiscard]] constexpr std::size_t encoded_size(const MediaFeedback& feedback) noexcept {
  return MediaFeedback::kHeaderSize + feedback.count * SenderFeedback::kSize;
}

/// Reads one report. Bytes behind it are ignored (later versions may add some).
/// \return kTruncated if a block is cut, kUnknownVersion for a version above 0.
[[nodiscard]] WZP_PROTO_EXPORT Result<MediaFeedback> parse_media_feedback(ByteView in) noexcept;

/// Writes to the front of `out`. Requires: count <= kMaxSenders. \return the size, or
/// kBufferTooSmall.
[[nodiscard]] WZP_PROTO_EXPORT Result<std::size_t> write_media_feedback(
    const MediaFeedback& feedback, MutableBytes out) noexcept;

/// What happened between two reports of one receiver about one sender.
struct FeedbackInterval {
  Duration length{0};              ///< On the receiver's clock; above 0.
  std::uint32_t expected = 0;      ///< Packets whose numbers fall into it.
  std::uint32_t received = 0;      ///< At most `expected`.
  std::uint32_t loss_runs = 0;     ///< At most the packets lost.
  std::uint32_t bytes = 0;         ///< Of the received.
  std::int32_t delay_step_ms = 0;  ///< Smallest delay against that of the report before.
  Duration rise{0};

  [[nodiscard]] std::uint32_t lost() const noexcept { return expected - received; }
};

/// \return nothing if the two do not belong together: other sender, more than 30 s apart, numbers
/// that jumped (the sender or the receiver started anew), counts that contradict each other. With
/// no packet in between `expected` is 0 and the delay means nothing.
[[nodiscard]] WZP_PROTO_EXPORT std::optional<FeedbackInterval> interval_between(
    std::uint16_t earlier_at_ms, const SenderFeedback& earlier, std::uint16_t later_at_ms,
    const SenderFeedback& later) noexcept;

}  // namespace wzp::proto
