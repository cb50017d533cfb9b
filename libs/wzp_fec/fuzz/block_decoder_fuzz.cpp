// Symbols of hostile ids, sizes and order against BlockDecoder. The bytes of true symbols come from
// an encoder, so that whenever only those were taken, the block must come out right.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "wzp/fec/block_decoder.hpp"
#include "wzp/fec/block_encoder.hpp"

namespace {

using namespace wzp;
using namespace wzp::fec;

void require(bool claim) {
  if (!claim) std::abort();
}

constexpr std::size_t kSize = 3;

std::array<std::byte, kSize> source_symbol(std::uint32_t i) {
  return {static_cast<std::byte>(i), static_cast<std::byte>(i * 29 + 1),
          static_cast<std::byte>(i >> 5)};
}

// Coders are kept from run to run: it is their reset() that makes them new.
struct Coders {
  explicit Coders(std::uint32_t symbols)
      : k(symbols),
        encoder(std::move(*BlockEncoder::create({k, kSize}))),
        decoder(std::move(*BlockDecoder::create({k, kSize}, {.max_repair_symbols = k + 3}))) {
    for (std::uint32_t i = 0; i < k; ++i) {
      require(encoder.set_source(i, source_symbol(i)).has_value());
    }
  }
  std::uint32_t k;
  BlockEncoder encoder;
  BlockDecoder decoder;
};

Coders& coders(std::uint8_t choice) {
  static Coders all[] = {Coders(1),  Coders(2),  Coders(5),  Coders(8),
                         Coders(10), Coders(11), Coders(26), Coders(40)};
  return all[choice % std::size(all)];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in(std::as_bytes(std::span(data, size)));
  auto& [k, encoder, decoder] = coders(in.u8());
  decoder.reset(0);
  bool only_true_symbols = true;
  while (in.ok() && in.remaining() > 0) {
    const std::uint8_t what = in.u8();
    SymbolId id{0, what % 2 == 0 ? in.u8() % (2 * k + 4) : in.u32()};
    std::array<std::byte, kSize> symbol{};
    const bool exists = encoder.encode(id.esi, symbol).has_value();
    require(exists == (id.esi <= kMaxEsi));
    std::size_t length = kSize;
    if (what % 16 == 3) id.block = in.u8();
    if (what % 16 == 5) length = in.u8() % (kSize + 1);
    if (what % 64 == 7) symbol[0] ^= static_cast<std::byte>(in.u8());
    const auto added = decoder.add(id, ByteView(symbol).first(length));
    if (id.block != 0 || length != kSize || !exists) require(!added.has_value());
    if (what % 64 == 7 && added && *added != Added::kDuplicate) only_true_symbols = false;
    if (added && *added == Added::kDecodable) require(decoder.decodable());
    require(decoder.symbols_received() <= 2 * k + 8);
  }
  require(decoder.decode().has_value() == decoder.decodable());
  if (!decoder.decodable()) return 0;
  for (std::uint32_t i = 0; i < k; ++i) {
    require(decoder.has_source(i));
    if (only_true_symbols) require(std::ranges::equal(decoder.source(i), source_symbol(i)));
  }
  return 0;
}
