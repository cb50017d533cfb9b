#include "wzp/fec/frame_block_encoder.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "frame_codes.hpp"
#include "kernel_dispatch.hpp"
#include "symbol_buffer.hpp"
#include "way.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::fec {
namespace {

constexpr std::size_t kMaxSymbolIds = 256;

}  // namespace

struct FrameBlockEncoder::Impl {
  Impl(const FrameBlockEncoderOptions& o, const Kernel& k)
      : layout(o.layout),
        max_frame_bytes(o.max_frame_bytes),
        max_frames(o.max_frames_per_block),
        kernel(k),
        codes(o.max_frames_per_block),
        symbols(std::size_t{o.max_frames_per_block} + 1, frame_symbol_room(o.max_frame_bytes)),
        repairs(std::min(2 * std::size_t{o.max_frames_per_block}, kMaxSymbolIds),
                frame_symbol_room(o.max_frame_bytes)),
        lengths(o.max_frames_per_block),
        from(o.max_frames_per_block),
        to(repairs.count()),
        coefficients(repairs.count() * codes[o.max_frames_per_block].params().k_prime),
        block(o.first_block) {}

  [[nodiscard]] std::optional<Errc> check(const FrameBlockLayout& l) const noexcept;
  [[nodiscard]] bool all_lengths_equal() const noexcept {
    return std::all_of(lengths.begin(), lengths.begin() + frames,
                       [&](std::size_t n) { return n == lengths[0]; });
  }
  void make_repairs() noexcept;
  void compute(std::uint32_t k, std::size_t offset) noexcept;
  void start_block() noexcept {
    ++block;
    frames = 0;
  }

  FrameBlockLayout layout;
  std::size_t max_frame_bytes;
  std::uint8_t max_frames;
  const Kernel& kernel;
  FrameCodes codes;
  SymbolBuffer symbols, repairs;
  std::vector<std::size_t> lengths;
  std::vector<const std::uint8_t*> from;
  std::vector<std::uint8_t*> to;
  std::vector<std::uint8_t> coefficients;

  BlockId8 block;
  std::uint8_t frames = 0;

  // Of the block ended by the last call.
  std::size_t repair_count = 0;
  std::size_t repair_size = 0;
  std::uint8_t first_esi = 0;
  std::uint8_t hint = 0;
};

std::optional<Errc> FrameBlockEncoder::Impl::check(const FrameBlockLayout& l) const noexcept {
  if (l.frames_per_block < 1 || l.frames_per_block > max_frames) {
    return Errc::kSourceCountOutOfRange;
  }
  if (l.policy == SymbolPolicy::kLegacy256Trimmed && max_frame_bytes > kMaxLegacyFrameBytes) {
    return Errc::kSymbolSizeOutOfRange;
  }
  const std::size_t repair = repair_symbols_for(l.frames_per_block, l.repair_ratio);
  if (l.frames_per_block + repair > kMaxSymbolIds) return Errc::kTooManyRepairSymbols;
  return std::nullopt;
}

// The code is linear in each byte column: behind the longest frame repair symbols are zero, so a
// symbol of 256 bytes without those zeros is the symbol of a shorter size.
void FrameBlockEncoder::Impl::make_repairs() noexcept {
  const bool fit = layout.policy == SymbolPolicy::kFitBlock;
  const bool equal = fit && all_lengths_equal();
  const std::size_t longest = *std::max_element(lengths.begin(), lengths.begin() + frames);
  const std::uint8_t k = fit ? frames : layout.frames_per_block;
  repair_count = repair_symbols_for(frames, layout.repair_ratio);
  repair_size = equal ? longest : longest + kLengthBytes;
  first_esi = k;
  hint = fit ? BlockHint{frames, equal}.to_wire() : std::uint8_t{0};
  compute(k, equal ? kLengthBytes : 0);
}

// Frames that a shortened legacy block lacks are zeros: they need no terms.
void FrameBlockEncoder::Impl::compute(std::uint32_t k, std::size_t offset) noexcept {
  const BlockCode& code = codes[k];
  const std::uint32_t width = code.params().k_prime;
  for (std::size_t i = 0; i < frames; ++i) from[i] = symbols[i] + offset;
  for (std::size_t i = 0; i < repair_count; ++i) to[i] = repairs[i];
  const std::uint8_t* matrix = code.stored_rows(0, static_cast<std::uint32_t>(repair_count));
  if (matrix == nullptr) {
    for (std::uint32_t i = 0; i < repair_count; ++i) {
      std::uint8_t* room = &coefficients[std::size_t{i} * width];
      const std::uint8_t* row = code.repair_row(i, room);
      if (row != room) std::copy_n(row, width, room);
    }
    matrix = coefficients.data();
  }
  kernel.dense_product(
      {matrix, width, from.data(), frames, nullptr, to.data(), repair_count, padded(repair_size)});
}

Result<FrameBlockEncoder> FrameBlockEncoder::create(FrameBlockEncoderOptions options) {
  if (options.max_frames_per_block < 1 || options.max_frames_per_block > kMaxFramesPerBlock) {
    return Unexpected(Errc::kSourceCountOutOfRange);
  }
  if (options.max_frame_bytes < 1 || options.max_frame_bytes > kMaxSymbolSize - kLengthBytes) {
    return Unexpected(Errc::kSymbolSizeOutOfRange);
  }
  const Kernel* kernel = find_kernel(options.kernel);
  if (kernel == nullptr) return Unexpected(Errc::kUnknownKernel);
  auto impl = std::make_unique<Impl>(options, *kernel);
  if (const auto error = impl->check(options.layout)) return Unexpected(*error);
  return FrameBlockEncoder(std::move(impl));
}

FrameBlockEncoder::FrameBlockEncoder(std::unique_ptr<Impl> impl) noexcept
    : impl_(std::move(impl)) {}
FrameBlockEncoder::FrameBlockEncoder(FrameBlockEncoder&&) noexcept = default;
FrameBlockEncoder& FrameBlockEncoder::operator=(FrameBlockEncoder&&) noexcept = default;
FrameBlockEncoder::~FrameBlockEncoder() = default;

Result<SourcePlace> FrameBlockEncoder::add_frame(ByteView frame) noexcept {
  Impl& s = *impl_;
  s.repair_count = 0;
  if (frame.empty()) return Unexpected(Errc::kFrameEmpty);
  if (frame.size() > s.max_frame_bytes) return Unexpected(Errc::kFrameTooLong);
  write_frame_symbol(s.symbols, s.frames, frame);
  s.lengths[s.frames] = frame.size();
  SourcePlace place{s.block, s.frames, false};
  if (++s.frames == s.layout.frames_per_block) {
    place.block_complete = true;
    s.make_repairs();
    s.start_block();
  }
  return place;
}

std::size_t FrameBlockEncoder::end_block() noexcept {
  Impl& s = *impl_;
  s.repair_count = 0;
  if (s.frames == 0) return 0;
  s.make_repairs();
  s.start_block();
  return s.repair_count;
}

Result<void> FrameBlockEncoder::set_layout(FrameBlockLayout layout) noexcept {
  if (const auto error = impl_->check(layout)) return Unexpected(*error);
  end_block();
  impl_->layout = layout;
  return {};
}

const FrameBlockLayout& FrameBlockEncoder::layout() const noexcept { return impl_->layout; }
std::size_t FrameBlockEncoder::repair_count() const noexcept { return impl_->repair_count; }
BlockId8 FrameBlockEncoder::open_block() const noexcept { return impl_->block; }
std::size_t FrameBlockEncoder::frames_in_block() const noexcept { return impl_->frames; }

RepairSymbol FrameBlockEncoder::repair(std::size_t index) const noexcept {
  const Impl& s = *impl_;
  WZP_ASSERT(index < s.repair_count);
  return {s.block - 1, static_cast<std::uint8_t>(s.first_esi + index), s.hint,
          s.repairs.view(index, s.repair_size)};
}

}  // namespace wzp::fec
