#include "incoming_messages.hpp"

#include <algorithm>

namespace wzp::transport {

IncomingMessages::Verdict IncomingMessages::on_data(std::int64_t stream, ByteView data, bool fin,
                                                    Instant now) {
  if (stream < next_) {  // delivered already: what follows the message does not matter
    irregular_.with_excess += data.empty() ? 0 : 1;
    return Verdict::kOk;
  }
  note_progress(stream, now);
  Stream& s = streams_[stream];
  s.uncredited += data.size();
  if (!read_length(s, data)) return Verdict::kTooLong;
  read_body(s, data);
  if (s.state == State::kComplete && !data.empty() && !s.has_excess) {
    s.has_excess = true;
    ++irregular_.with_excess;
  }
  if (fin && s.state != State::kComplete) s.state = State::kBroken;
  skip_broken();
  return buffered_ > limits_.max_buffered_bytes ? Verdict::kBufferFull : Verdict::kOk;
}

void IncomingMessages::on_reset(std::int64_t stream, Instant now) {
  if (stream < next_) return;
  note_progress(stream, now);
  Stream& s = streams_[stream];
  if (s.state != State::kComplete) s.state = State::kBroken;
  skip_broken();
}

// False if the announced length is over the limit.
bool IncomingMessages::read_length(Stream& s, ByteView& data) {
  if (s.state != State::kLength) return true;
  const std::size_t n = std::min(s.prefix.size() - s.prefix_size, data.size());
  std::copy_n(data.begin(), n, s.prefix.begin() + static_cast<std::ptrdiff_t>(s.prefix_size));
  s.prefix_size += n;
  data = data.subspan(n);
  if (s.prefix_size < s.prefix.size()) return true;
  s.length = ByteReader(s.prefix).u32();
  s.state = State::kBody;
  if (s.length <= limits_.max_message_bytes) return true;
  refused_length_ = s.length;
  return false;
}

// Memory follows what has arrived, never what was announced.
void IncomingMessages::read_body(Stream& s, ByteView& data) {
  if (s.state != State::kBody) return;
  const std::size_t n = std::min<std::size_t>(s.length - s.bytes.size(), data.size());
  s.bytes.insert(s.bytes.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(n));
  buffered_ += n;
  data = data.subspan(n);
  if (s.bytes.size() == s.length) s.state = State::kComplete;
}

void IncomingMessages::note_progress(std::int64_t stream, Instant now) noexcept {
  if (stream == next_ || streams_.empty()) progress_at_ = now;
}

void IncomingMessages::skip_broken() {
  while (!streams_.empty() && streams_.begin()->first == next_ &&
         streams_.begin()->second.state == State::kBroken) {
    buffered_ -= streams_.begin()->second.bytes.size();
    streams_.erase(streams_.begin());
    next_ += 4;
    ++irregular_.truncated;
  }
}

std::optional<std::vector<std::byte>> IncomingMessages::pop() {
  if (streams_.empty() || streams_.begin()->first != next_ ||
      streams_.begin()->second.state != State::kComplete) {
    return std::nullopt;
  }
  std::vector<std::byte> message = std::move(streams_.begin()->second.bytes);
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
