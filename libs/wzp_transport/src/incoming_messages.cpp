#include "incoming_messages.hpp"

namespace wzp::transport {

IncomingMessages::Verdict IncomingMessages::on_data(std::int64_t stream, ByteView data, bool fin,
                                                    Instant now) {
  if (stream < next_) {  // delivered already: what follows the message does not matter
    irregular_.with_excess += data.empty() ? 0 : 1;
    return Verdict::kOk;
  }
  note_progress(stream, now);
  Stream& s = stream_at(stream);
  s.uncredited += data.size();
  if (!feed(s, data)) return Verdict::kTooLong;
  if (fin && !s.reader.complete()) s.broken = true;
  skip_broken();
  return buffered_ > limits_.max_buffered_bytes ? Verdict::kBufferFull : Verdict::kOk;
}

void IncomingMessages::on_reset(std::int64_t stream, Instant now) {
  if (stream < next_) return;
  note_progress(stream, now);
  Stream& s = stream_at(stream);
  if (!s.reader.complete()) s.broken = true;
  skip_broken();
}

// False if the announced length is over the limit.
bool IncomingMessages::feed(Stream& s, ByteView data) {
  const std::size_t before = s.reader.received();
  const bool had_excess = s.reader.has_excess();
  if (!s.reader.feed(data)) {
    refused_length_ = s.reader.announced_length();
    return false;
  }
  buffered_ += s.reader.received() - before;
  if (s.reader.has_excess() && !had_excess) ++irregular_.with_excess;
  return true;
}

void IncomingMessages::note_progress(std::int64_t stream, Instant now) noexcept {
  if (stream == next_ || streams_.empty()) progress_at_ = now;
}

void IncomingMessages::skip_broken() {
  while (!streams_.empty() && streams_.begin()->first == next_ && streams_.begin()->second.broken) {
    buffered_ -= streams_.begin()->second.reader.received();
    streams_.erase(streams_.begin());
    next_ += 4;
    ++irregular_.truncated;
  }
}

std::optional<std::vector<std::byte>> IncomingMessages::pop() {
  if (streams_.empty() || streams_.begin()->first != next_ ||
      !streams_.begin()->second.reader.complete()) {
    return std::nullopt;
  }
  std::vector<std::byte> message = streams_.begin()->second.reader.take();
  buffered_ -= message.size();
  streams_.erase(streams_.begin());
  next_ += 4;
  skip_broken();
  return message;
}

std::size_t IncomingMessages::take_head_credit() noexcept {
  const auto head = streams_.find(next_);
  return head == streams_.end() ? 0 : std::exchange(head->second.uncredited, 0);
}

std::optional<Instant> IncomingMessages::waiting_since() const noexcept {
  if (streams_.empty()) return std::nullopt;
  return progress_at_;
}

}  // namespace wzp::transport
