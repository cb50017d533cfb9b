// Object information from a peer, and symbols for the object it describes.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "wzp/fec/object.hpp"

namespace {

void require(bool claim) {
  if (!claim) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wzp;
  using namespace wzp::fec;
  const ByteView input = std::as_bytes(std::span(data, size));
  const auto info = ObjectInfo::parse(input);
  if (!info) return 0;
  const auto again = ObjectInfo::parse(info->to_bytes());
  require(again.has_value() && *again == *info);
  constexpr std::uint64_t kMaxBytes = 4096;
  auto decoder = ObjectDecoder::create(*info, kMaxBytes);
  if (!decoder) return 0;
  require(info->transfer_length <= kMaxBytes);
  ByteReader in(input.subspan(ObjectInfo::kBytes));
  while (in.ok() && in.remaining() > 0) {
    const SymbolId id{in.u8(), in.u16() & 0x3fffU};
    const std::vector<std::byte> symbol(info->symbol_size, static_cast<std::byte>(in.u8()));
    const auto added = decoder->add(id, symbol);
    if (id.block >= info->source_blocks) require(!added.has_value());
  }
  std::vector<std::byte> object(static_cast<std::size_t>(info->transfer_length));
  require(decoder->copy_object(object).has_value() == decoder->complete());
  return 0;
}
