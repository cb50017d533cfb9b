/// \file
/// Several packets in one datagram, each with the stream it belongs to. Format: docs/wire/media.md,
/// "Trunk frame". Neither class allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/serial.hpp"

namespace wzp::proto {

/// One entry. The session id of the wire is two opaque bytes; between capable peers it is the
/// sender's StreamId, big-endian. `payload` points into the frame.
struct TrunkEntry {
  StreamId stream;
  ByteView payload;
};

inline constexpr std::size_t kTrunkFrameOverhead = 2;
inline constexpr std::size_t kTrunkEntryOverhead = 4;

/// Fills a caller's buffer entry by entry.
///
///     TrunkFrameWriter writer(buffer);
///     while (have_packet && writer.add(stream, packet)) ...
///     send(writer.bytes());
class WZP_PROTO_EXPORT TrunkFrameWriter {
 public:
  /// Writes into `room`, which must outlive the writer. A room below 2 bytes never takes an entry.
  explicit TrunkFrameWriter(MutableBytes room) noexcept;

  /// Appends an entry. \return false, changing nothing, if it does not fit or is above 65,535
  /// bytes.
  [[nodiscard]] bool add(StreamId stream, ByteView payload) noexcept;

  /// The frame so far, valid at any time; an empty frame is two zero bytes.
  [[nodiscard]] ByteView bytes() const noexcept { return room_.first(size_); }
  [[nodiscard]] std::uint16_t entry_count() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  /// Forgets all entries and starts again in the same room.
  void clear() noexcept;

 private:
  void store_count() noexcept;

  MutableBytes room_;
  std::size_t size_ = 0;
  std::uint16_t count_ = 0;
};

/// A validated frame, iterated in place:
///
///     auto frame = TrunkFrameView::parse(bytes);
///     if (frame) for (const TrunkEntry& entry : *frame) ...
class WZP_PROTO_EXPORT TrunkFrameView {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = TrunkEntry;
    using difference_type = std::ptrdiff_t;
    using pointer = const TrunkEntry*;
    using reference = TrunkEntry;

    Iterator() = default;
    [[nodiscard]] TrunkEntry operator*() const noexcept {
      ByteReader reader(rest_);
      const StreamId stream{reader.u16()};
      const std::uint16_t length = reader.u16();
      return {stream, reader.take(length)};
    }
    Iterator& operator++() noexcept {
      rest_ = rest_.subspan(kTrunkEntryOverhead + (**this).payload.size());
      --left_;
      return *this;
    }
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    [[nodiscard]] bool operator==(const Iterator& other) const noexcept {
      return left_ == other.left_;
    }

   private:
    friend class TrunkFrameView;
    Iterator(ByteView rest, std::uint16_t left) noexcept : rest_(rest), left_(left) {}

    ByteView rest_;
    std::uint16_t left_ = 0;
  };

  /// Checks the whole frame, so that iterating can't fail. Bytes after the last entry are ignored.
  /// \return kTruncated if the count or any entry is cut.
  [[nodiscard]] static Result<TrunkFrameView> parse(ByteView frame) noexcept;

  [[nodiscard]] std::uint16_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] Iterator begin() const noexcept { return {entries_, count_}; }
  [[nodiscard]] Iterator end() const noexcept { return {{}, 0}; }

 private:
  TrunkFrameView(ByteView entries, std::uint16_t count) noexcept
      : entries_(entries), count_(count) {}

  ByteView entries_;
  std::uint16_t count_;
};

}  // namespace wzp::proto
