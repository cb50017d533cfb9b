#include "wzp/proto/datagram.hpp"

namespace wzp::proto {

Result<TrunkFrameView> parse_trunk_datagram(ByteView datagram) noexcept {
  if (datagram.empty()) return Unexpected(Errc::kTruncated);
  if (datagram[0] != kTrunkByte) return Unexpected(Errc::kUnknownKind);
  return TrunkFrameView::parse(datagram.subspan(1));
}

Result<SendToDatagram> parse_send_to(ByteView datagram) noexcept {
  if (datagram.empty()) return Unexpected(Errc::kTruncated);
  if (datagram[0] != kSendToByte) return Unexpected(Errc::kUnknownKind);
  ByteReader reader(datagram.subspan(1));
  SendToDatagram message;
  message.fingerprint = reader.array<16>();
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  message.body = reader.rest();
  return message;
}

Result<std::size_t> write_send_to(const SendToDatagram& message, MutableBytes out) noexcept {
  if (out.size() < SendToDatagram::kOverhead + message.body.size()) {
    return Unexpected(Errc::kBufferTooSmall);
  }
  ByteWriter writer(out);
  writer.u8(std::to_integer<std::uint8_t>(kSendToByte));
  writer.bytes(message.fingerprint);
  writer.bytes(message.body);
  return writer.size();
}

}  // namespace wzp::proto
