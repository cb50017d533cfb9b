#include "wzp/proto/signal_framing.hpp"

#include <algorithm>
#include <utility>

namespace wzp::proto {

Result<std::string> write_signal_frame(const Signal& signal) {
  const std::string text = write_signal(signal);
  if (text.size() > kMaxSignalBytes) return Unexpected(Errc::kTooLong);
  std::array<std::byte, kSignalPrefixBytes> prefix{};
  ByteWriter writer(prefix);
  writer.u32(static_cast<std::uint32_t>(text.size()));
  std::string frame(as_text(prefix));
  frame += text;
  return frame;
}

Result<void> SignalFrameReader::take_prefix(ByteView& bytes) {
  const std::size_t n = std::min(bytes.size(), kSignalPrefixBytes - prefix_size_);
  std::copy_n(bytes.begin(), n, prefix_.begin() + static_cast<std::ptrdiff_t>(prefix_size_));
  prefix_size_ += n;
  bytes = bytes.subspan(n);
  if (prefix_size_ < kSignalPrefixBytes) return {};
  length_ = ByteReader(prefix_).u32();
  have_length_ = true;
  if (length_ > limit_) {
    failed_ = true;
    return Unexpected(Errc::kTooLong);
  }
  return {};
}

Result<bool> SignalFrameReader::feed(ByteView bytes) {
  if (failed_) return Unexpected(Errc::kTooLong);
  if (!have_length_) {
    if (const auto prefix = take_prefix(bytes); !prefix) return Unexpected(prefix.error());
  }
  if (!have_length_) return false;
  const std::size_t n = std::min(bytes.size(), length_ - bytes_.size());
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
  if (n < bytes.size()) has_excess_ = true;
  return complete();
}

Result<void> SignalFrameReader::finish() const noexcept {
  if (failed_) return Unexpected(Errc::kTooLong);
  if (!complete()) return Unexpected(Errc::kEndOfStream);
  return {};
}

std::vector<std::byte> SignalFrameReader::take() {
  std::vector<std::byte> message = std::move(bytes_);
  reset();
  return message;
}

void SignalFrameReader::reset() noexcept {
  prefix_size_ = 0;
  have_length_ = false;
  failed_ = false;
  has_excess_ = false;
  length_ = 0;
  bytes_.clear();
}

}  // namespace wzp::proto
