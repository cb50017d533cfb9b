#include "wzp/fec/block_encoder.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "block_code.hpp"
#include "kernel_dispatch.hpp"
#include "symbol_buffer.hpp"
#include "way.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::fec {

struct BlockEncoder::Impl {
  Impl(BlockShape s, const Kernel& k)
      : shape(s),
        kernel(k),
        code(BlockCode::for_source_symbols(s.source_symbols)),
        // A replay reads the padding symbols too.
        source(plan_may_be_faster(*code) ? code->params().k_prime : s.source_symbols,
               s.symbol_size),
        source_rows(s.source_symbols),
        coefficients(code->has_dense_form() ? kRowsAtATime * code->params().k_prime : 0),
        result(kRowsAtATime, s.symbol_size) {
    for (std::uint32_t i = 0; i < s.source_symbols; ++i) source_rows[i] = source[i];
    if (plan_may_be_faster(*code)) {
      intermediate = SymbolBuffer(code->params().l, s.symbol_size);
      scratch = SymbolBuffer(code->plan().scratch_symbols(), std::min(s.symbol_size, kReplayTile));
    }
  }

  void encode_dense(std::uint32_t first_repair, std::uint32_t count, MutableBytes out) noexcept;
  void encode_sparse(std::uint32_t first_repair, std::uint32_t count, MutableBytes out) noexcept;
  const std::uint8_t* compute_rows(std::uint32_t first_repair, std::uint32_t count) noexcept;
  void find_intermediate() noexcept;

  static constexpr std::uint32_t kRowsAtATime = 30;

  BlockShape shape;
  const Kernel& kernel;
  std::shared_ptr<const BlockCode> code;
  SymbolBuffer source;
  std::vector<const std::uint8_t*> source_rows;
  std::vector<std::uint8_t> coefficients;
  SymbolBuffer result;
  SymbolBuffer intermediate;  // empty if the dense form is always faster
  SymbolBuffer scratch;
  bool intermediate_valid = false;
};

namespace {

bool is_whole_strides(const SymbolBuffer& buffer, std::size_t symbol_size) {
  return buffer.stride() == symbol_size;
}

}  // namespace

const std::uint8_t* BlockEncoder::Impl::compute_rows(std::uint32_t first_repair,
                                                     std::uint32_t count) noexcept {
  const std::uint32_t width = code->params().k_prime;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint8_t* room = &coefficients[std::size_t{i} * width];
    const std::uint8_t* row = code->repair_row(first_repair + i, room);
    if (row != room) std::copy_n(row, width, room);
  }
  return coefficients.data();
}

// The first repair symbol is internal symbol K', whatever K is: padding symbols take the ids
// between.
void BlockEncoder::Impl::encode_dense(std::uint32_t first_repair, std::uint32_t count,
                                      MutableBytes out) noexcept {
  const std::uint32_t width = code->params().k_prime;
  const std::size_t t = shape.symbol_size;
  std::array<std::uint8_t*, kRowsAtATime> rows{};
  while (count > 0) {
    const std::uint32_t n = std::min(count, kRowsAtATime);
    const std::uint8_t* matrix = code->stored_rows(first_repair, n);
    if (matrix == nullptr) matrix = compute_rows(first_repair, n);
    for (std::uint32_t i = 0; i < n; ++i) {
      rows[i] = is_whole_strides(result, t) ? as_octets(out.data()) + i * t : result[i];
    }
    kernel.dense_product({matrix, width, source_rows.data(), shape.source_symbols, nullptr,
                          rows.data(), n, result.stride()});
    if (!is_whole_strides(result, t)) {
      for (std::uint32_t i = 0; i < n; ++i) std::copy_n(result[i], t, as_octets(&out[i * t]));
    }
    first_repair += n;
    count -= n;
    out = out.subspan(n * t);
  }
}

void BlockEncoder::Impl::find_intermediate() noexcept {
  if (intermediate_valid) return;
  replay_in_tiles(code->plan(), kernel, source.array(), intermediate.array(), scratch.array(),
                  source.stride());
  intermediate_valid = true;
}

void BlockEncoder::Impl::encode_sparse(std::uint32_t first_repair, std::uint32_t count,
                                       MutableBytes out) noexcept {
  find_intermediate();
  const std::size_t t = shape.symbol_size;
  const bool direct = is_whole_strides(result, t);
  std::array<std::uint32_t, kMaxRowWeight> neighbours{};
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t isi = code->params().k_prime + first_repair + i;
    const std::uint32_t n = lt_neighbours(code->params(), isi, neighbours);
    std::uint8_t* target = direct ? as_octets(&out[i * t]) : result[0];
    kernel.gather_sum({target, nullptr, intermediate[0], intermediate.stride(), neighbours.data(),
                       n, result.stride()});
    if (!direct) std::copy_n(target, t, as_octets(&out[i * t]));
  }
}

Result<BlockEncoder> BlockEncoder::create(BlockShape shape, BlockEncoderOptions options) {
  if (shape.source_symbols < 1 || shape.source_symbols > kMaxSourceSymbolsPerBlock) {
    return Unexpected(Errc::kSourceCountOutOfRange);
  }
  if (shape.symbol_size < 1 || shape.symbol_size > kMaxSymbolSize) {
    return Unexpected(Errc::kSymbolSizeOutOfRange);
  }
  const Kernel* kernel = find_kernel(options.kernel);
  if (kernel == nullptr) return Unexpected(Errc::kUnknownKernel);
  return BlockEncoder(std::make_unique<Impl>(shape, *kernel));
}

BlockEncoder::BlockEncoder(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
BlockEncoder::BlockEncoder(BlockEncoder&&) noexcept = default;
BlockEncoder& BlockEncoder::operator=(BlockEncoder&&) noexcept = default;
BlockEncoder::~BlockEncoder() = default;

BlockShape BlockEncoder::shape() const noexcept { return impl_->shape; }

Result<void> BlockEncoder::set_source(std::uint32_t index, ByteView bytes) noexcept {
  if (index >= impl_->shape.source_symbols) return Unexpected(Errc::kSymbolIdOutOfRange);
  if (bytes.size() > impl_->shape.symbol_size) return Unexpected(Errc::kWrongSymbolSize);
  impl_->source.assign(index, bytes);
  impl_->intermediate_valid = false;
  return {};
}

ByteView BlockEncoder::source(std::uint32_t index) const noexcept {
  WZP_ASSERT(index < impl_->shape.source_symbols);
  return impl_->source.view(index, impl_->shape.symbol_size);
}

Result<void> BlockEncoder::encode(std::uint32_t first_esi, MutableBytes out) noexcept {
  Impl& s = *impl_;
  const std::size_t t = s.shape.symbol_size;
  if (out.empty() || out.size() % t != 0) return Unexpected(Errc::kWrongSymbolSize);
  const std::size_t wanted = out.size() / t;
  if (first_esi > kMaxEsi || wanted > kMaxEsi - first_esi + 1) {
    return Unexpected(Errc::kSymbolIdOutOfRange);
  }
  auto count = static_cast<std::uint32_t>(wanted);
  const std::uint32_t k = s.shape.source_symbols;
  for (; count > 0 && first_esi < k; ++first_esi, --count, out = out.subspan(t)) {
    std::copy_n(s.source[first_esi], t, as_octets(out.data()));
  }
  if (count == 0) return {};
  if (s.intermediate_valid || !dense_is_faster(*s.code, s.kernel, count)) {
    s.encode_sparse(first_esi - k, count, out);
  } else {
    s.encode_dense(first_esi - k, count, out);
  }
  return {};
}

void BlockEncoder::reset() noexcept {
  for (std::uint32_t i = 0; i < impl_->shape.source_symbols; ++i) impl_->source.assign(i, {});
  impl_->intermediate_valid = false;
}

}  // namespace wzp::fec
