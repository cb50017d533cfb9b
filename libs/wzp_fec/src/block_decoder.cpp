#include "wzp/fec/block_decoder.hpp"

#include <algorithm>
#include <vector>

#include "block_code.hpp"
#include "gf256_matrix.hpp"
#include "id_set.hpp"
#include "kernel_dispatch.hpp"
#include "symbol_buffer.hpp"
#include "way.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::fec {

struct BlockDecoder::Impl {
  enum class Status : std::uint8_t { kCollecting, kDecodable, kComplete };

  Impl(BlockShape s, const Kernel& k, std::uint32_t max_repair_symbols);

  [[nodiscard]] std::uint32_t k() const { return shape.source_symbols; }
  [[nodiscard]] std::uint32_t received() const { return source_count + repair_count; }
  Result<Added> add_source(std::uint32_t index, ByteView bytes) noexcept;
  Result<Added> add_repair(std::uint32_t number, ByteView bytes) noexcept;
  Added after_adding() noexcept;
  void find_missing() noexcept;
  bool solve_dense() noexcept;
  void decode_dense() noexcept;
  bool solve_sparse() noexcept;
  bool plan_known_symbols() noexcept;
  void decode_sparse() noexcept;

  BlockShape shape;
  const Kernel& kernel;
  std::shared_ptr<const BlockCode> code;
  std::uint32_t max_repair;
  std::uint8_t block = 0;
  Status status = Status::kCollecting;
  std::uint32_t source_count = 0, repair_count = 0;
  SymbolBuffer symbols;                       // K source symbols, then repair symbols
  std::vector<std::uint8_t> present;          // per source symbol
  std::vector<std::uint32_t> repair_numbers;  // encoding symbol id - K
  IdSet repair_ids;
  std::vector<std::uint32_t> missing;

  // Dense form.
  LinearSystem system;
  std::vector<std::uint8_t> row_room, coefficients;
  std::vector<const std::uint8_t*> from;
  std::vector<std::uint8_t*> to;

  // Large blocks.
  Planner planner;
  SolvePlan plan;
  std::vector<KnownRow> known;
  SymbolBuffer intermediate, scratch;
  std::uint32_t failures = 0, next_attempt = 0;
};

BlockDecoder::Impl::Impl(BlockShape s, const Kernel& kern, std::uint32_t max_repair_symbols)
    : shape(s),
      kernel(kern),
      code(BlockCode::for_source_symbols(s.source_symbols)),
      max_repair(max_repair_symbols),
      symbols(std::size_t{s.source_symbols} + max_repair_symbols, s.symbol_size),
      present(s.source_symbols, 0),
      repair_numbers(max_repair_symbols),
      repair_ids(max_repair_symbols) {
  missing.reserve(k());
  if (code->has_dense_form()) {
    const std::size_t unknowns = std::min(k(), max_repair);
    system = LinearSystem(max_repair, unknowns);
    row_room.resize(code->params().k_prime);
    coefficients.resize(unknowns * k());
    from.resize(k());
    to.resize(unknowns);
  } else {
    known.reserve(std::size_t{code->params().k_prime} + max_repair);
    intermediate = SymbolBuffer(code->params().l, s.symbol_size);
  }
}

Result<Added> BlockDecoder::Impl::add_source(std::uint32_t index, ByteView bytes) noexcept {
  if (present[index] != 0) return Added::kDuplicate;
  if (status != Status::kCollecting) return Added::kNotNeeded;
  symbols.assign(index, bytes);
  present[index] = 1;
  ++source_count;
  return after_adding();
}

Result<Added> BlockDecoder::Impl::add_repair(std::uint32_t number, ByteView bytes) noexcept {
  if (repair_ids.contains(number)) return Added::kDuplicate;
  if (status != Status::kCollecting) return Added::kNotNeeded;
  if (repair_count == max_repair) return Unexpected(Errc::kTooManyRepairSymbols);
  repair_ids.insert(number);
  repair_numbers[repair_count] = number;
  symbols.assign(std::size_t{k()} + repair_count, bytes);
  ++repair_count;
  return after_adding();
}

Added BlockDecoder::Impl::after_adding() noexcept {
  if (source_count == k()) {
    status = Status::kComplete;
    return Added::kDecodable;
  }
  if (received() < k()) return Added::kStored;
  find_missing();
  if (code->has_dense_form() ? solve_dense() : solve_sparse()) status = Status::kDecodable;
  return status == Status::kDecodable ? Added::kDecodable : Added::kStored;
}

void BlockDecoder::Impl::find_missing() noexcept {
  missing.clear();
  for (std::uint32_t i = 0; i < k(); ++i) {
    if (present[i] == 0) missing.push_back(i);
  }
}

bool BlockDecoder::Impl::solve_dense() noexcept {
  system.start(repair_count, missing.size());
  for (std::uint32_t r = 0; r < repair_count; ++r) {
    const std::uint8_t* row = code->repair_row(repair_numbers[r], row_room.data());
    std::uint8_t* equation = system.row(r);
    for (std::size_t c = 0; c < missing.size(); ++c) equation[c] = row[missing[c]];
  }
  return system.invert(kernel);
}

// What the received source symbols leave of each repair symbol, times the inverse.
void BlockDecoder::Impl::decode_dense() noexcept {
  const std::size_t lost = missing.size();
  std::size_t kept = 0;
  for (std::uint32_t i = 0; i < k(); ++i) {
    if (present[i] != 0) from[kept++] = symbols[i];
  }
  for (std::size_t e = 0; e < lost; ++e) {
    const std::uint32_t repair = system.order()[e];
    to[e] = symbols[k() + repair];
    const std::uint8_t* row = code->repair_row(repair_numbers[repair], row_room.data());
    std::uint8_t* out = &coefficients[e * kept];
    for (std::uint32_t i = 0; i < k(); ++i) {
      *out = row[i];
      out += present[i];
      if (out == &coefficients[e * kept] + kept) break;
    }
  }
  kernel.dense_product(
      {coefficients.data(), kept, from.data(), kept, to.data(), to.data(), lost, symbols.stride()});
  for (std::size_t e = 0; e < lost; ++e) {
    from[e] = to[e];
    to[e] = symbols[missing[e]];
  }
  kernel.dense_product({system.inverse(), system.stride(), from.data(), lost, nullptr, to.data(),
                        lost, symbols.stride()});
}

// Sets of symbols as they come fail once in a hundred times, then once in 25,000. A set made to
// fail time and again is tried ever less often.
bool BlockDecoder::Impl::solve_sparse() noexcept {
  if (received() < next_attempt) return false;
  if (plan_known_symbols()) return true;
  ++failures;
  next_attempt = received() + (failures < 4 ? 1 : 1U << std::min(failures - 3, 20U));
  return false;
}

bool BlockDecoder::Impl::plan_known_symbols() noexcept {
  known.clear();
  for (std::uint32_t i = 0; i < k(); ++i) {
    if (present[i] != 0) known.push_back({i, i});
  }
  for (std::uint32_t i = k(); i < code->params().k_prime; ++i) {
    known.push_back({i, SolvePlan::kZeroValue});
  }
  for (std::uint32_t r = 0; r < repair_count; ++r) {
    known.push_back({code->params().k_prime + repair_numbers[r], k() + r});
  }
  return planner.plan(code->params(), known, plan);
}

void BlockDecoder::Impl::decode_sparse() noexcept {
  const std::size_t tile = std::min(padded(shape.symbol_size), kReplayTile);
  if (scratch.count() < plan.scratch_symbols()) {
    scratch = SymbolBuffer(plan.scratch_symbols(), tile);
  }
  replay_in_tiles(plan, kernel, symbols.array(), intermediate.array(), scratch.array(),
                  symbols.stride());
  std::array<std::uint32_t, kMaxRowWeight> neighbours{};
  for (const std::uint32_t index : missing) {
    const std::uint32_t n = lt_neighbours(code->params(), index, neighbours);
    kernel.gather_sum({symbols[index], nullptr, intermediate[0], intermediate.stride(),
                       neighbours.data(), n, symbols.stride()});
  }
}

Result<BlockDecoder> BlockDecoder::create(BlockShape shape, BlockDecoderOptions options) {
  if (shape.source_symbols < 1 || shape.source_symbols > kMaxSourceSymbolsPerBlock) {
    return Unexpected(Errc::kSourceCountOutOfRange);
  }
  if (shape.symbol_size < 1 || shape.symbol_size > kMaxSymbolSize) {
    return Unexpected(Errc::kSymbolSizeOutOfRange);
  }
  const Kernel* kernel = find_kernel(options.kernel);
  if (kernel == nullptr) return Unexpected(Errc::kUnknownKernel);
  const std::uint32_t repair = options.max_repair_symbols.value_or(shape.source_symbols + 16);
  return BlockDecoder(std::make_unique<Impl>(shape, *kernel, std::min(repair, kMaxEsi)));
}

BlockDecoder::BlockDecoder(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
BlockDecoder::BlockDecoder(BlockDecoder&&) noexcept = default;
BlockDecoder& BlockDecoder::operator=(BlockDecoder&&) noexcept = default;
BlockDecoder::~BlockDecoder() = default;

BlockShape BlockDecoder::shape() const noexcept { return impl_->shape; }
std::uint8_t BlockDecoder::block() const noexcept { return impl_->block; }
std::uint32_t BlockDecoder::symbols_received() const noexcept { return impl_->received(); }

void BlockDecoder::reset(std::uint8_t block) noexcept {
  Impl& s = *impl_;
  s.block = block;
  s.status = Impl::Status::kCollecting;
  s.source_count = 0;
  s.repair_count = 0;
  std::fill(s.present.begin(), s.present.end(), std::uint8_t{0});
  s.repair_ids.clear();
  s.failures = 0;
  s.next_attempt = 0;
}

Result<Added> BlockDecoder::add(SymbolId id, ByteView bytes) noexcept {
  if (id.block != impl_->block) return Unexpected(Errc::kWrongBlock);
  if (id.esi > kMaxEsi) return Unexpected(Errc::kSymbolIdOutOfRange);
  if (bytes.size() != impl_->shape.symbol_size) return Unexpected(Errc::kWrongSymbolSize);
  if (id.esi < impl_->k()) return impl_->add_source(id.esi, bytes);
  return impl_->add_repair(id.esi - impl_->k(), bytes);
}

bool BlockDecoder::decodable() const noexcept { return impl_->status != Impl::Status::kCollecting; }

Result<void> BlockDecoder::decode() noexcept {
  Impl& s = *impl_;
  if (s.status == Impl::Status::kCollecting) return Unexpected(Errc::kNotDecodable);
  if (s.status == Impl::Status::kComplete) return {};
  s.code->has_dense_form() ? s.decode_dense() : s.decode_sparse();
  s.status = Impl::Status::kComplete;
  return {};
}

bool BlockDecoder::has_source(std::uint32_t index) const noexcept {
  if (index >= impl_->k()) return false;
  return impl_->status == Impl::Status::kComplete || impl_->present[index] != 0;
}

ByteView BlockDecoder::source(std::uint32_t index) const noexcept {
  WZP_ASSERT(has_source(index));
  return impl_->symbols.view(index, impl_->shape.symbol_size);
}

}  // namespace wzp::fec
