#include "wzp/fec/object.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "wzp/fec/block_encoder.hpp"

namespace wzp::fec {
namespace {

std::optional<Errc> check(const ObjectInfo& info) noexcept {
  if (info.symbol_size == 0 || info.alignment == 0 || info.symbol_size % info.alignment != 0) {
    return Errc::kSymbolSizeOutOfRange;
  }
  if (info.transfer_length == 0 || info.transfer_length > ObjectInfo::kMaxTransferLength) {
    return Errc::kObjectTooLarge;
  }
  if (info.source_blocks == 0 || info.source_blocks > info.total_symbols() ||
      info.block_symbols(0) > kMaxSourceSymbolsPerBlock) {
    return Errc::kSourceCountOutOfRange;
  }
  if (info.sub_blocks != 1) return Errc::kUnsupported;
  return std::nullopt;
}

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

// Calls f(block, symbol, bytes of the object) for each source symbol in order.
template <class F>
void for_each_symbol(const ObjectInfo& info, F&& f) {
  std::uint64_t offset = 0;
  for (unsigned z = 0; z < info.source_blocks; ++z) {
    const auto block = static_cast<std::uint8_t>(z);
    for (std::uint32_t i = 0; i < info.block_symbols(block); ++i) {
      const auto size = static_cast<std::size_t>(
          std::min<std::uint64_t>(info.symbol_size, info.transfer_length - offset));
      f(block, i, static_cast<std::size_t>(offset), size);
      offset += size;
    }
  }
}

}  // namespace

Result<ObjectInfo> ObjectInfo::for_object(std::uint64_t length, std::uint16_t symbol_size,
                                          std::uint32_t max_block_symbols) noexcept {
  if (symbol_size == 0) return Unexpected(Errc::kSymbolSizeOutOfRange);
  if (max_block_symbols < 1 || max_block_symbols > kMaxSourceSymbolsPerBlock) {
    return Unexpected(Errc::kSourceCountOutOfRange);
  }
  if (length == 0 || length > kMaxTransferLength) return Unexpected(Errc::kObjectTooLarge);
  ObjectInfo info;
  info.transfer_length = length;
  info.symbol_size = symbol_size;
  info.alignment = symbol_size % 8 == 0 ? 8 : symbol_size % 4 == 0 ? 4 : 1;
  const std::uint64_t blocks = divide_up(info.total_symbols(), max_block_symbols);
  if (blocks > 255) return Unexpected(Errc::kObjectTooLarge);
  info.source_blocks = static_cast<std::uint8_t>(blocks);
  return info;
}

Result<ObjectInfo> ObjectInfo::parse(ByteView in) noexcept {
  ByteReader r(in);
  ObjectInfo info;
  info.transfer_length = std::uint64_t{r.u8()} << 32;
  info.transfer_length |= r.u32();
  static_cast<void>(r.u8());
  info.symbol_size = r.u16();
  info.source_blocks = r.u8();
  info.sub_blocks = r.u16();
  info.alignment = r.u8();
  if (!r.ok()) return Unexpected(Errc::kTruncated);
  if (const auto error = check(info)) return Unexpected(*error);
  return info;
}

std::array<std::byte, ObjectInfo::kBytes> ObjectInfo::to_bytes() const noexcept {
  std::array<std::byte, kBytes> out{};
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(transfer_length >> 32));
  w.u32(static_cast<std::uint32_t>(transfer_length));
  w.u8(0);
  w.u16(symbol_size);
  w.u8(source_blocks);
  w.u16(sub_blocks);
  w.u8(alignment);
  return out;
}

struct ObjectEncoder::Impl {
  ObjectInfo info;
  std::vector<BlockEncoder> blocks;
};

Result<ObjectEncoder> ObjectEncoder::create(const ObjectInfo& info, ByteView object) {
  if (const auto error = check(info)) return Unexpected(*error);
  if (object.size() != info.transfer_length) return Unexpected(Errc::kWrongSymbolSize);
  auto impl = std::make_unique<Impl>();
  impl->info = info;
  for (unsigned z = 0; z < info.source_blocks; ++z) {
    auto block =
        BlockEncoder::create({info.block_symbols(static_cast<std::uint8_t>(z)), info.symbol_size});
    if (!block) return Unexpected(block.error());
    impl->blocks.push_back(std::move(*block));
  }
  for_each_symbol(info, [&](std::uint8_t block, std::uint32_t i, std::size_t at, std::size_t n) {
    static_cast<void>(impl->blocks[block].set_source(i, object.subspan(at, n)));
  });
  return ObjectEncoder(std::move(impl));
}

ObjectEncoder::ObjectEncoder(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
ObjectEncoder::ObjectEncoder(ObjectEncoder&&) noexcept = default;
ObjectEncoder& ObjectEncoder::operator=(ObjectEncoder&&) noexcept = default;
ObjectEncoder::~ObjectEncoder() = default;

const ObjectInfo& ObjectEncoder::info() const noexcept { return impl_->info; }

Result<void> ObjectEncoder::encode(SymbolId first, MutableBytes out) noexcept {
  if (first.block >= impl_->blocks.size()) return Unexpected(Errc::kWrongBlock);
  return impl_->blocks[first.block].encode(first.esi, out);
}

struct ObjectDecoder::Impl {
  ObjectInfo info;
  std::vector<BlockDecoder> blocks;
  std::size_t complete = 0;
};

Result<ObjectDecoder> ObjectDecoder::create(const ObjectInfo& info, std::uint64_t max_bytes) {
  if (const auto error = check(info)) return Unexpected(*error);
  if (info.transfer_length > max_bytes || info.total_symbols() * info.symbol_size > 2 * max_bytes) {
    return Unexpected(Errc::kObjectTooLarge);
  }
  auto impl = std::make_unique<Impl>();
  impl->info = info;
  for (unsigned z = 0; z < info.source_blocks; ++z) {
    const auto number = static_cast<std::uint8_t>(z);
    const std::uint32_t k = info.block_symbols(number);
    auto block = BlockDecoder::create({k, info.symbol_size}, {.max_repair_symbols = k + 4});
    if (!block) return Unexpected(block.error());
    impl->blocks.push_back(std::move(*block));
    impl->blocks.back().reset(number);
  }
  return ObjectDecoder(std::move(impl));
}

ObjectDecoder::ObjectDecoder(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
ObjectDecoder::ObjectDecoder(ObjectDecoder&&) noexcept = default;
ObjectDecoder& ObjectDecoder::operator=(ObjectDecoder&&) noexcept = default;
ObjectDecoder::~ObjectDecoder() = default;

const ObjectInfo& ObjectDecoder::info() const noexcept { return impl_->info; }

Result<Added> ObjectDecoder::add(SymbolId id, ByteView bytes) noexcept {
  Impl& s = *impl_;
  if (id.block >= s.blocks.size()) return Unexpected(Errc::kWrongBlock);
  auto added = s.blocks[id.block].add(id, bytes);
  if (added && *added == Added::kDecodable && s.blocks[id.block].decode()) ++s.complete;
  return added;
}

bool ObjectDecoder::complete() const noexcept { return impl_->complete == impl_->blocks.size(); }

Result<void> ObjectDecoder::copy_object(MutableBytes out) const noexcept {
  const Impl& s = *impl_;
  if (!complete()) return Unexpected(Errc::kNotDecodable);
  if (out.size() != s.info.transfer_length) return Unexpected(Errc::kWrongSymbolSize);
  for_each_symbol(s.info, [&](std::uint8_t block, std::uint32_t i, std::size_t at, std::size_t n) {
    std::ranges::copy(s.blocks[block].source(i).first(n),
                      out.begin() + static_cast<std::ptrdiff_t>(at));
  });
  return {};
}

}  // namespace wzp::fec
