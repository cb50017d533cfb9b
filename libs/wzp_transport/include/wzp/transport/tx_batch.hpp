/// \file
/// UDP payloads on their way out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/transport/export.hpp"
#include "wzp/transport/socket_address.hpp"

namespace wzp::transport {

/// A byte arena with a list of what is in it. Endpoint::flush() writes packets in place; a driver
/// sends and clears it. Nothing is allocated after construction.
class WZP_TRANSPORT_EXPORT TxBatch {
 public:
  /// One run of equally long UDP payloads (the last may be shorter) to one destination: one system
  /// call entry where the kernel segments (UDP_SEGMENT), else one per segment.
  struct Entry {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    std::uint16_t segment_size = 0;  ///< Equals length for a single payload.
    std::uint8_t ecn = 0;            ///< The two ECN bits.
    SocketAddress destination;
    SocketAddress source;  ///< The local address to send from; unspecified: the system chooses.

    [[nodiscard]] std::size_t segments() const noexcept {
      return segment_size == 0 ? 0 : (length + segment_size - 1U) / segment_size;
    }
  };

  /// Linux accepts at most 64 segments and 65,507 bytes in one entry.
  static constexpr std::size_t kMaxSegments = 64;
  static constexpr std::size_t kMaxEntryBytes = 65'000;

  explicit TxBatch(std::size_t arena_bytes = 262'144, std::size_t max_entries = 1024);

  [[nodiscard]] std::span<const Entry> entries() const noexcept { return entries_; }
  [[nodiscard]] ByteView bytes(const Entry& e) const noexcept {
    return ByteView(arena_).subspan(e.offset, e.length);
  }
  /// Segment `i` of an entry, 0 <= i < e.segments().
  [[nodiscard]] ByteView segment(const Entry& e, std::size_t i) const noexcept;
  [[nodiscard]] std::size_t packets() const noexcept { return packets_; }
  [[nodiscard]] std::size_t size_bytes() const noexcept { return used_; }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  void clear() noexcept;

  // -- For who fills it
  // -----------------------------------------------------------------------------
  /// Room for a payload of up to `n` bytes behind what was committed; empty if the batch is full.
  [[nodiscard]] MutableBytes room(std::size_t n) noexcept;
  /// Takes the first `n` bytes of room() as one payload. The only way for bytes to get in: a layer
  /// that rewrites what goes over the wire belongs here.
  void commit(std::size_t n, const SocketAddress& destination, const SocketAddress& source = {},
              std::uint8_t ecn = 0) noexcept;

 private:
  [[nodiscard]] bool extends_last(std::size_t n, const SocketAddress& destination,
                                  const SocketAddress& source, std::uint8_t ecn) const noexcept;

  std::vector<std::byte> arena_;
  std::vector<Entry> entries_;
  std::size_t max_entries_;
  std::size_t used_ = 0;
  std::size_t packets_ = 0;
};

}  // namespace wzp::transport
