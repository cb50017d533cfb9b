#include "wzp/crypto/e2e_media.hpp"

#include <algorithm>

namespace wzp::crypto::e2e {
namespace {

constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kReportSize = 4;

// Bits the header has no meaning for; one left free would be a channel past the AEAD.
constexpr std::byte kUnusedOfByte0{0x80};
constexpr std::byte kUnusedOfByte1{0x03};
constexpr std::byte kReportBit{0x02};

std::size_t report_size(ByteView header) noexcept {
  return (header[0] & kReportBit) != std::byte{0} ? kReportSize : 0;
}

bool is_sealed_header(ByteView header) noexcept {
  constexpr std::byte kNone{0};
  return (header[0] & kUnusedOfByte0) == kNone && (header[1] & kUnusedOfByte1) == kNone &&
         header[10] != kNone && header[11] == kNone;
}

struct Aad {
  std::array<std::byte, kHeaderSize + kReportSize> bytes{};
  std::size_t size = 0;

  Aad(ByteView header, ByteView report) noexcept {
    ByteWriter out(bytes);
    out.bytes(header);
    out.bytes(report);
    size = out.size();
  }
  [[nodiscard]] ByteView view() const noexcept { return ByteView(bytes).first(size); }
};

}  // namespace

Result<Layout1View> parse_layout1(ByteView packet) noexcept {
  if (packet.size() < kHeaderSize) return Unexpected(Errc::kTruncated);
  Layout1View view;
  view.header = packet.first(kHeaderSize);
  const std::size_t report = report_size(view.header);
  if (packet.size() < kHeaderSize + kTagSize + report) return Unexpected(Errc::kTruncated);
  if (!is_sealed_header(view.header)) return Unexpected(Errc::kMalformed);
  view.report = packet.last(report);
  view.sealed = packet.subspan(kHeaderSize, packet.size() - kHeaderSize - report);
  view.epoch = std::to_integer<std::uint8_t>(view.header[10]);
  view.seq = SeqNo16(ByteReader(view.header.subspan(2)).u16());
  return view;
}

Result<std::size_t> open_layout1(const NumberedKey& key, std::uint16_t counter,
                                 const Layout1View& packet, MutableBytes out) noexcept {
  const Aad aad(packet.header, packet.report);
  return open(key.key, key.nonce(counter), aad.view(), packet.sealed, out);
}

Result<std::size_t> seal_layout1(const NumberedKey& key, std::uint16_t counter,
                                 std::span<const std::byte, 12> header, ByteView payload,
                                 ByteView report, MutableBytes out) noexcept {
  if (!is_sealed_header(header) || report.size() != report_size(header)) {
    return Unexpected(Errc::kMalformed);
  }
  const std::size_t around = kHeaderSize + kTagSize + report.size();
  if (out.size() < around || out.size() - around < payload.size()) {
    return Unexpected(Errc::kNoRoom);
  }
  const Aad aad(header, report);
  // The box first: the payload may lie in `out` where its ciphertext goes.
  const auto sealed =
      seal(key.key, key.nonce(counter), aad.view(), payload, out.subspan(kHeaderSize));
  if (!sealed) return sealed;
  std::copy(header.begin(), header.end(), out.begin());
  std::copy(report.begin(), report.end(),
            out.begin() + static_cast<std::ptrdiff_t>(kHeaderSize + *sealed));
  return kHeaderSize + *sealed + report.size();
}

}  // namespace wzp::crypto::e2e
