#include "wzp/crypto/e2e_hello.hpp"

#include "wzp/proto/assert.hpp"

namespace wzp::crypto::e2e {
namespace {

constexpr std::uint8_t kHelloType = 1;
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kFixedSize = 1 + 1 + 1 + 4 + 16 + 32 + 32 + 2;

}  // namespace

Result<Hello> parse_hello(ByteView bytes) {
  if (bytes.size() > kMaxHelloSize) return Unexpected(Errc::kMalformed);
  ByteReader in(bytes);
  const std::uint8_t type = in.u8();
  const std::uint8_t version = in.u8();
  const std::uint8_t flags = in.u8();
  Hello hello;
  hello.holds_room_secret = (flags & 1) != 0;
  hello.allows_unencrypted_peers = (flags & 2) != 0;
  hello.n = in.u32();
  hello.instance.bytes = in.array<16>();
  hello.identity.bytes = in.array<32>();
  hello.ephemeral.bytes = in.array<32>();
  const ByteView features = in.take(in.u16());
  if (!in.ok()) return Unexpected(Errc::kTruncated);
  if (type != kHelloType || version != kVersion || hello.n == 0) {
    return Unexpected(Errc::kMalformed);
  }
  hello.features = as_text(features);
  return hello;
}

std::vector<std::byte> write_hello(const Hello& hello) {
  std::vector<std::byte> bytes(kFixedSize + hello.features.size());
  WZP_ASSERT(bytes.size() <= kMaxHelloSize);
  ByteWriter out(bytes);
  out.u8(kHelloType);
  out.u8(kVersion);
  out.u8(static_cast<std::uint8_t>((hello.holds_room_secret ? 1 : 0) |
                                   (hello.allows_unencrypted_peers ? 2 : 0)));
  out.u32(hello.n);
  out.bytes(hello.instance.bytes);
  out.bytes(hello.identity.bytes);
  out.bytes(hello.ephemeral.bytes);
  out.u16(static_cast<std::uint16_t>(hello.features.size()));
  out.bytes(as_byte_view(hello.features));
  return bytes;
}

}  // namespace wzp::crypto::e2e
