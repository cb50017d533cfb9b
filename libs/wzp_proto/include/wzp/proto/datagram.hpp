/// \file
/// What a datagram between capable peers is: one rule on its first byte, nothing guessed from
/// content. Format and reasons: docs/wire/datagrams.md.
///
/// It holds on a connection whose client and relay both listed "stream-id", and inside trunk
/// entries there. Towards a reference peer every datagram is a plain packet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/trunk_frame.hpp"

namespace wzp::proto {

enum class DatagramKind : std::uint8_t {
  kPlain,    ///< MediaPacket: bits 5-2 of byte 0 are a codec id.
  kMini,     ///< Feature "mini": mini_header.hpp.
  kTrunk,    ///< One byte 0x1c, then a TrunkFrame.
  kSendTo,   ///< One byte 0x20, then a fingerprint and a body.
  kMedia2,   ///< First bit 1.
  kUnknown,  ///< Reserved: count and drop, keep the connection.
  kEmpty,
};

inline constexpr std::uint8_t kMiniCode = 6;  ///< In bits 5-2, where plain packets have the codec.
inline constexpr std::byte kTrunkByte{7 << 2};
inline constexpr std::byte kSendToByte{8 << 2};

/// The one rule. Looks at the first byte alone.
[[nodiscard]] constexpr DatagramKind classify_datagram(ByteView datagram) noexcept {
  if (datagram.empty()) return DatagramKind::kEmpty;
  const auto first = std::to_integer<std::uint8_t>(datagram[0]);
  if ((first & 0x80) != 0) return DatagramKind::kMedia2;
  const int code = (first >> 2) & 0x0f;
  if (code <= 5) return DatagramKind::kPlain;
  if (code == kMiniCode) return DatagramKind::kMini;
  if (datagram[0] == kTrunkByte) return DatagramKind::kTrunk;
  if (datagram[0] == kSendToByte) return DatagramKind::kSendTo;
  return DatagramKind::kUnknown;
}

/// The trunk frame of a kTrunk datagram. \return kUnknownKind, kTruncated.
[[nodiscard]] WZP_PROTO_EXPORT Result<TrunkFrameView> parse_trunk_datagram(
    ByteView datagram) noexcept;

/// Builds a kTrunk datagram in a caller's buffer; otherwise a TrunkFrameWriter.
class TrunkDatagramWriter {
 public:
  /// A room below 3 bytes never takes an entry.
  explicit TrunkDatagramWriter(MutableBytes room) noexcept
      : room_(room), frame_(room.empty() ? room : room.subspan(1)) {
    if (!room_.empty()) room_[0] = kTrunkByte;
  }
  [[nodiscard]] bool add(StreamId stream, ByteView payload) noexcept {
    return frame_.add(stream, payload);
  }
  [[nodiscard]] ByteView bytes() const noexcept {
    return room_.empty() ? ByteView{} : ByteView(room_).first(1 + frame_.bytes().size());
  }
  [[nodiscard]] std::uint16_t entry_count() const noexcept { return frame_.entry_count(); }
  [[nodiscard]] bool empty() const noexcept { return frame_.empty(); }
  void clear() noexcept { frame_.clear(); }

 private:
  MutableBytes room_;
  TrunkFrameWriter frame_;
};

/// A datagram to one endpoint, whatever its room. Towards the relay `fingerprint` is the
/// receiver's, towards a client the sender's. The body is opaque to the relay.
struct SendToDatagram {
  static constexpr std::size_t kOverhead = 17;

  std::array<std::byte, 16> fingerprint{};
  ByteView body;
};

/// \return kUnknownKind, kTruncated. The body points into the datagram.
[[nodiscard]] WZP_PROTO_EXPORT Result<SendToDatagram> parse_send_to(ByteView datagram) noexcept;
[[nodiscard]] WZP_PROTO_EXPORT Result<std::size_t> write_send_to(const SendToDatagram& message,
                                                                 MutableBytes out) noexcept;

}  // namespace wzp::proto
