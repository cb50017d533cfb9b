#include "wzp/proto/media_feedback.hpp"

#include <algorithm>

#include "wzp/proto/assert.hpp"

namespace wzp::proto {
namespace {

using std::chrono::milliseconds;

constexpr std::uint8_t kVersion = 0;
constexpr milliseconds kMaxApart(30'000);
constexpr std::uint32_t kMaxNumbers = 4000;  // per interval; 30 s of 20 ms packets and repair
// Packets that came late or twice may fall into the interval after theirs.
constexpr std::uint32_t kLateAllowance = 64;

SenderFeedback read_sender(ByteReader& in) noexcept {
  SenderFeedback s;
  s.sender = SenderKey{in.u32()};
  s.newest = SeqNo16(in.u16());
  s.received = in.u16();
  s.loss_runs = in.u8();
  s.bytes_by_4 = in.u16();
  s.delay_ms = in.u16();
  s.rise_4ms = in.u8();
  s.jitter_ms = in.u8();
  s.playout_8ms = in.u8();
  return s;
}

void write_sender(const SenderFeedback& s, ByteWriter& out) noexcept {
  out.u32(s.sender.value);
  out.u16(s.newest.value());
  out.u16(s.received);
  out.u8(s.loss_runs);
  out.u16(s.bytes_by_4);
  out.u16(s.delay_ms);
  out.u8(s.rise_4ms);
  out.u8(s.jitter_ms);
  out.u8(s.playout_8ms);
}

template <class U>
U step(U from, U to) noexcept {
  return static_cast<U>(to - from);
}

}  // namespace

Result<MediaFeedback> parse_media_feedback(ByteView in) noexcept {
  ByteReader reader(in);
  const std::uint8_t first = reader.u8();
  MediaFeedback feedback;
  feedback.cap_kbps = reader.u8();
  feedback.at_ms = reader.u16();
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  if (first >> 4 != kVersion) return Unexpected(Errc::kUnknownVersion);
  feedback.count = first & 15;
  for (std::size_t i = 0; i < feedback.count; ++i) feedback.senders[i] = read_sender(reader);
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  return feedback;
}

Result<std::size_t> write_media_feedback(const MediaFeedback& feedback, MutableBytes out) noexcept {
  WZP_ASSERT(feedback.count <= MediaFeedback::kMaxSenders);
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(kVersion << 4 | feedback.count));
  writer.u8(feedback.cap_kbps);
  writer.u16(feedback.at_ms);
  for (const SenderFeedback& s : feedback.reports()) write_sender(s, writer);
  if (!writer.ok()) return Unexpected(Errc::kBufferTooSmall);
  return writer.size();
}

std::optional<FeedbackInterval> interval_between(std::uint16_t earlier_at_ms,
                                                 const SenderFeedback& earlier,
                                                 std::uint16_t later_at_ms,
                                                 const SenderFeedback& later) noexcept {
  const milliseconds length(step(earlier_at_ms, later_at_ms));
  const int numbers = later.newest.distance_from(earlier.newest);
  if (earlier.sender != later.sender || length <= milliseconds(0) || length > kMaxApart ||
      numbers < 0 || static_cast<std::uint32_t>(numbers) > kMaxNumbers) {
    return std::nullopt;
  }
  const std::uint32_t received = step(earlier.received, later.received);
  FeedbackInterval out;
  out.length = length;
  out.expected = static_cast<std::uint32_t>(numbers);
  if (received > out.expected + kLateAllowance) return std::nullopt;
  out.received = std::min(received, out.expected);
  const auto runs = static_cast<std::int8_t>(step(earlier.loss_runs, later.loss_runs));
  out.loss_runs =
      std::min<std::uint32_t>(runs > 0 ? static_cast<std::uint32_t>(runs) : 0, out.lost());
  out.bytes = static_cast<std::uint32_t>(step(earlier.bytes_by_4, later.bytes_by_4) *
                                         SenderFeedback::kBytesUnit);
  out.delay_step_ms = static_cast<std::int16_t>(step(earlier.delay_ms, later.delay_ms));
  out.rise = later.rise_4ms * SenderFeedback::kRiseUnit;
  return out;
}

}  // namespace wzp::proto
