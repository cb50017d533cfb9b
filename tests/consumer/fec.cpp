// Loses two of ten symbols and gets them back.
#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "wzp/fec/block_decoder.hpp"
#include "wzp/fec/block_encoder.hpp"
#include "wzp/version.hpp"

int main() {
  constexpr std::size_t kSize = 64;
  auto encoder = wzp::fec::BlockEncoder::create({.source_symbols = 10, .symbol_size = kSize});
  auto decoder = wzp::fec::BlockDecoder::create({.source_symbols = 10, .symbol_size = kSize});
  if (!encoder || !decoder) return 1;
  std::vector<std::vector<std::byte>> frames;
  for (std::uint32_t i = 0; i < 10; ++i) {
    frames.emplace_back(kSize, static_cast<std::byte>(i * 7 + 1));
    if (!encoder->set_source(i, frames.back())) return 1;
    if (i != 3 && i != 8 && !decoder->add({0, i}, frames.back())) return 1;
  }
  std::array<std::byte, 2 * kSize> repair{};
  if (!encoder->encode(10, repair)) return 1;
  for (std::uint32_t i = 0; i < 2; ++i) {
    if (!decoder->add({0, 10 + i}, wzp::ByteView(repair).subspan(i * kSize, kSize))) return 1;
  }
  if (!decoder->decode()) return 1;
  const bool same = std::equal(frames[3].begin(), frames[3].end(), decoder->source(3).begin());
  std::printf("wzp %s: symbol 3 %s\n", wzp::version(), same ? "recovered" : "wrong");
  return same ? 0 : 1;
}
