#include "outgoing_messages.hpp"

#include <algorithm>

#include "wzp/proto/assert.hpp"

namespace wzp::transport {

Result<void> OutgoingMessages::push(ByteView message) {
  if (message.size() > limits_.max_message_bytes) return Unexpected(Errc::kMessageTooLong);
  if (queued() >= kMaxQueued || queued_bytes_ + message.size() > limits_.max_queued_bytes) {
    return Unexpected(Errc::kMessageQueueFull);
  }
  std::vector<std::byte> framed(4 + message.size());
  ByteWriter out(framed);
  out.u32(static_cast<std::uint32_t>(message.size()));
  out.bytes(message);
  queued_bytes_ += framed.size();
  waiting_.push_back(std::move(framed));
  return {};
}

void OutgoingMessages::start_next(std::int64_t stream) {
  WZP_ASSERT(!waiting_.empty());
  open_[stream].bytes = std::move(waiting_.front());
  waiting_.pop_front();
  ++unsent_;
}

std::optional<OutgoingMessages::Chunk> OutgoingMessages::next_chunk() const noexcept {
  if (unsent_ == 0 || in_flight_full()) return std::nullopt;
  for (const auto& [stream, m] : open_) {
    if (!m.fin_sent && !m.blocked) return Chunk{stream, ByteView(m.bytes).subspan(m.sent)};
  }
  return std::nullopt;
}

void OutgoingMessages::on_written(std::int64_t stream, std::size_t n, bool fin) {
  const auto it = open_.find(stream);
  if (it == open_.end()) return;
  it->second.sent += n;
  in_flight_ += n;
  if (fin && !it->second.fin_sent) {
    it->second.fin_sent = true;
    --unsent_;
  }
}

void OutgoingMessages::on_blocked(std::int64_t stream) {
  if (const auto it = open_.find(stream); it != open_.end()) it->second.blocked = true;
}

void OutgoingMessages::clear_blocked() noexcept {
  for (auto& [stream, m] : open_) m.blocked = false;
}

void OutgoingMessages::on_acked(std::int64_t stream, std::uint64_t offset, std::uint64_t n) {
  const auto it = open_.find(stream);
  if (it == open_.end()) return;
  const std::size_t upto = std::min<std::size_t>(offset + n, it->second.bytes.size());
  if (upto <= it->second.acked) return;
  in_flight_ -= upto - it->second.acked;
  it->second.acked = upto;
  if (upto == it->second.bytes.size()) forget(it);
}

void OutgoingMessages::on_stream_closed(std::int64_t stream) {
  const auto it = open_.find(stream);
  if (it != open_.end()) forget(it);
}

void OutgoingMessages::forget(std::map<std::int64_t, Open>::iterator it) {
  const Open& m = it->second;
  in_flight_ -= m.sent - m.acked;
  queued_bytes_ -= m.bytes.size();
  if (!m.fin_sent) --unsent_;
  if (m.acked == m.bytes.size()) ++delivered_;
  open_.erase(it);
}

}  // namespace wzp::transport
