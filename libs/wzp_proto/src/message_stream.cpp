#include "wzp/proto/message_stream.hpp"

#include <algorithm>

#include "queue_points.hpp"

namespace wzp::proto {
namespace {

// Bytes that are appended at the end and taken from the front.
class ByteQueue {
 public:
  [[nodiscard]] ByteView view() const noexcept { return ByteView(bytes_).subspan(head_); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() - head_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return bytes_.capacity(); }
  void take(std::size_t n) noexcept { head_ += n; }

  /// Room to append to; moves what is left to the front first.
  std::vector<std::byte>& tail() {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
    return bytes_;
  }
  void shrink(std::size_t minimum) {
    if (capacity() <= minimum) return;
    std::vector<std::byte> smaller;
    smaller.reserve(std::max({minimum, capacity() / 4 * 3, size()}));
    const ByteView left = view();
    smaller.assign(left.begin(), left.end());
    bytes_ = std::move(smaller);
    head_ = 0;
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t head_ = 0;
};

}  // namespace

MessageFormat::~MessageFormat() = default;

Result<std::optional<MessageFormat::Frame>> LengthPrefixed::decode(ByteView bytes) const noexcept {
  ByteReader reader(bytes);
  const std::size_t length = reader.u32();
  if (!reader.ok()) return std::optional<Frame>();
  if (length > limit_) return Unexpected(Errc::kMalformed);
  if (reader.remaining() < length) return std::optional<Frame>();
  return std::optional(Frame{reader.take(length), length + 4});
}

void LengthPrefixed::encode(ByteView message, std::vector<std::byte>& out) const {
  std::array<std::byte, 4> prefix{};
  ByteWriter writer(prefix);
  writer.u32(static_cast<std::uint32_t>(message.size()));
  out.insert(out.end(), prefix.begin(), prefix.end());
  out.insert(out.end(), message.begin(), message.end());
}

class MessageStream::Impl {
 public:
  Impl(const MessageFormat& format, const MessageStreamConfig& config, Instant now)
      : format_(&format), config_(config), opened_(now), last_write_(now) {}

  [[nodiscard]] std::size_t rx_limit() const noexcept {
    return config_.rx_max_messages * format_->max_size();
  }
  [[nodiscard]] std::size_t tx_limit() const noexcept {
    return config_.tx_max_messages * format_->max_size();
  }

  const MessageFormat* format_;
  MessageStreamConfig config_;
  Instant opened_;
  Instant last_write_;
  bool connected_ = false;
  ByteQueue rx_;
  std::size_t polled_ = 0;  // size of the message handed out, still at the front
  std::optional<Errc> failed_;
  ByteQueue tx_;
  QueuePoints points_;
};

MessageStream::MessageStream(const MessageFormat& format, const MessageStreamConfig& config,
                             Instant now)
    : impl_(std::make_unique<Impl>(format, config, now)) {}
MessageStream::~MessageStream() = default;
MessageStream::MessageStream(MessageStream&&) noexcept = default;
MessageStream& MessageStream::operator=(MessageStream&&) noexcept = default;

void MessageStream::set_connected() noexcept { impl_->connected_ = true; }
bool MessageStream::connected() const noexcept { return impl_->connected_; }
bool MessageStream::is_connect_expired(Instant now) const noexcept {
  return !impl_->connected_ && now - impl_->opened_ >= impl_->config_.connect_timeout;
}

std::size_t MessageStream::read_budget(std::size_t shared_buffer_bytes) const noexcept {
  const std::size_t held = impl_->rx_.size() - impl_->polled_;
  return std::min(shared_buffer_bytes, impl_->rx_limit() - std::min(held, impl_->rx_limit()));
}

Result<void> MessageStream::handle_data(ByteView bytes) {
  if (impl_->failed_) return Unexpected(*impl_->failed_);
  if (bytes.size() > read_budget(bytes.size())) return Unexpected(Errc::kTooLong);
  impl_->rx_.take(impl_->polled_);
  impl_->polled_ = 0;
  auto& tail = impl_->rx_.tail();
  tail.insert(tail.end(), bytes.begin(), bytes.end());
  return {};
}

std::optional<ByteView> MessageStream::poll_message() noexcept {
  impl_->rx_.take(impl_->polled_);
  impl_->polled_ = 0;
  if (impl_->failed_) return std::nullopt;
  const auto decoded = impl_->format_->decode(impl_->rx_.view());
  if (!decoded) {
    impl_->failed_ = decoded.error();
    return std::nullopt;
  }
  if (!*decoded) return std::nullopt;
  impl_->polled_ = (*decoded)->size;
  return (*decoded)->message;
}

Result<void> MessageStream::handle_end() const noexcept {
  if (impl_->failed_) return Unexpected(*impl_->failed_);
  if (impl_->rx_.size() > impl_->polled_) return Unexpected(Errc::kEndOfStream);
  return {};
}

std::optional<Errc> MessageStream::failed() const noexcept { return impl_->failed_; }

Result<void> MessageStream::queue_message(ByteView message, Instant now) {
  const std::size_t size = impl_->format_->encoded_size(message);
  if (size > impl_->format_->max_size()) return Unexpected(Errc::kTooLong);
  if (impl_->tx_.size() + size > impl_->tx_limit()) return Unexpected(Errc::kQueueFull);
  impl_->format_->encode(message, impl_->tx_.tail());
  impl_->points_.append(size, now);
  return {};
}

ByteView MessageStream::pending() const noexcept { return impl_->tx_.view(); }

void MessageStream::handle_written(std::size_t bytes, Instant now) noexcept {
  const std::size_t n = std::min(bytes, impl_->tx_.size());
  impl_->tx_.take(n);
  impl_->points_.mark_write(n);
  impl_->last_write_ = now;
}

bool MessageStream::is_write_stale(Instant now) const noexcept {
  const auto oldest = impl_->points_.first();
  const Duration timeout = impl_->config_.tx_timeout;
  return oldest && now - *oldest > timeout && now - impl_->last_write_ > timeout;
}

void MessageStream::shrink_buffers() {
  impl_->rx_.take(impl_->polled_);
  impl_->polled_ = 0;
  impl_->rx_.shrink(impl_->config_.rx_min_bytes);
  impl_->tx_.shrink(impl_->config_.tx_min_bytes);
}

std::size_t MessageStream::rx_capacity() const noexcept { return impl_->rx_.capacity(); }
std::size_t MessageStream::tx_capacity() const noexcept { return impl_->tx_.capacity(); }

}  // namespace wzp::proto
