/// \file
/// Sealed media packets: composing and opening their bytes under a known key and counter.
///
/// Layout 1 is the plain media header's; layouts 2 and 3 are media/2's, with an 8- and a 16-byte
/// tag: there the header is the AAD, and seal_short(), open_short(), seal() and open() do the work.
/// Nothing here allocates. Format: docs/wire/e2e.md, "Media packets".
#pragma once

#include <array>

#include "wzp/crypto/aead.hpp"
#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/proto/serial.hpp"

namespace wzp::crypto::e2e {

/// header[12] || ciphertext || tag[16] || report[4 if the header's Q bit is set]. Views of a
/// packet.
struct Layout1View {
  ByteView header;  ///< 12 bytes; byte 10 is the epoch.
  ByteView sealed;  ///< ciphertext || tag.
  ByteView report;  ///< 4 bytes or none: readable by relays, not alterable.
  std::uint8_t epoch = 0;
  SeqNo16 seq;
};

/// Errors: kTruncated; kMalformed if a bit is set that is not authenticated by meaning: the top bit
/// of byte 0, the low two of byte 1, any of byte 11; or if the epoch is 0, a packet in clear.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<Layout1View> parse_layout1(ByteView packet) noexcept;

/// Opens into `out` and returns the size of the payload. `counter` is what the generation's start
/// makes of seq. Errors: kNoRoom, kAuthenticationFailed.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<std::size_t> open_layout1(const NumberedKey& key,
                                                                 std::uint16_t counter,
                                                                 const Layout1View& packet,
                                                                 MutableBytes out) noexcept;

/// Writes a whole packet and returns its size. The header's byte 10 must hold the epoch already,
/// and `report` (0 or 4 bytes) must agree with its Q bit. Errors: kNoRoom; kMalformed if header and
/// report are not what parse_layout1() takes.
[[nodiscard]] WZP_CRYPTO_EXPORT Result<std::size_t> seal_layout1(
    const NumberedKey& key, std::uint16_t counter, std::span<const std::byte, 12> header,
    ByteView payload, ByteView report, MutableBytes out) noexcept;

}  // namespace wzp::crypto::e2e
