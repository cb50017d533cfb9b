#include "wzp/fec/frame_block_decoder.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#include "frame_block.hpp"
#include "kernel_dispatch.hpp"
#include "way.hpp"

namespace wzp::fec {
namespace {

constexpr std::size_t kMaxBlocks = 64;
// An id 128 blocks on looks older than the newest; by then media time must say that it is not.
constexpr std::int64_t kBlocksOfMediaTime = 100;

}  // namespace

struct FrameBlockDecoder::Impl {
  Impl(const FrameBlockDecoderOptions& o, const Kernel& kernel)
      : options(o), solver(o.max_frames_per_block, o.max_repair_symbols, kernel) {
    const std::size_t blocks_wanted = std::clamp<std::size_t>(o.max_blocks, 1, kMaxBlocks);
    for (std::size_t i = 0; i < std::bit_ceil(blocks_wanted); ++i) {
      blocks.emplace_back(o.max_frames_per_block, o.max_repair_symbols, o.max_frame_bytes);
    }
    recovered.reserve(o.max_frames_per_block);
  }

  [[nodiscard]] FrameBlock& slot(BlockId8 id) noexcept {
    return blocks[id.value() & (blocks.size() - 1)];
  }
  [[nodiscard]] Duration age_limit(const ReceivedLayout& layout) const noexcept;
  [[nodiscard]] bool same_time(const FrameBlock& block, MediaTime32 time,
                               Instant now) const noexcept;
  FrameBlock* find_or_open(BlockId8 id, const ReceivedLayout& layout, MediaTime32 time,
                           Instant now) noexcept;
  FrameBlock* continue_block(FrameBlock& block, const ReceivedLayout& layout, MediaTime32 time,
                             Instant now) noexcept;
  [[nodiscard]] bool may_open(BlockId8 id, const ReceivedLayout& layout, MediaTime32 time,
                              Instant now) noexcept;
  void advance(BlockId8 id, MediaTime32 time, Instant now) noexcept;
  void give_up(FrameBlock& block) noexcept;
  void give_up_before(BlockId8 id) noexcept;
  void close_all() noexcept;
  Recovered solve(FrameBlock& block) noexcept;
  template <class Symbol>
  Result<Recovered> add(const Symbol& symbol, ReceivedLayout layout, Instant now) noexcept;
  [[nodiscard]] std::optional<Errc> check(const ReceivedSource& source,
                                          const ReceivedLayout& layout) const noexcept;
  [[nodiscard]] std::optional<Errc> check(const ReceivedRepair& repair,
                                          const ReceivedLayout& layout) const noexcept;

  FrameBlockDecoderOptions options;
  FrameSolver solver;
  std::vector<FrameBlock> blocks;
  std::vector<RecoveredFrame> recovered;
  FrameBlockDecoderCounters counters;

  bool started = false;
  BlockId8 newest, oldest;  // older ids are stale
  MediaTime32 newest_time;
  Instant newest_at{};  // when a symbol of the newest block last came
};

std::optional<Errc> FrameBlockDecoder::Impl::check(const ReceivedSource& source,
                                                   const ReceivedLayout& layout) const noexcept {
  const std::uint8_t most = options.max_frames_per_block;
  const std::uint8_t k = layout.frames_per_block;
  if (source.frame.empty()) return Errc::kFrameEmpty;
  if (source.frame.size() > kMaxSymbolSize - kLengthBytes) return Errc::kFrameTooLong;
  if (source.symbol >= (k == 0 ? most : std::min(k, most))) return Errc::kSymbolIdOutOfRange;
  return std::nullopt;
}

std::optional<Errc> FrameBlockDecoder::Impl::check(const ReceivedRepair& repair,
                                                   const ReceivedLayout& layout) const noexcept {
  const auto hint = BlockHint::from_wire(repair.hint);
  const std::uint8_t k = hint ? hint->frames : layout.frames_per_block;
  if (k == 0 || k > options.max_frames_per_block) return Errc::kSourceCountOutOfRange;
  if (repair.esi < k) return Errc::kSymbolIdOutOfRange;
  std::size_t least = kLengthBytes + 1;
  std::size_t most = kLegacySymbolSize;
  if (hint) {
    least = hint->equal_lengths ? 1 : least;
    most = options.max_frame_bytes + (hint->equal_lengths ? 0 : kLengthBytes);
  }
  const std::size_t size = repair.payload.size();
  if (size > most || (hint && size < least) || size == 0) return Errc::kWrongSymbolSize;
  return std::nullopt;
}

Duration FrameBlockDecoder::Impl::age_limit(const ReceivedLayout& layout) const noexcept {
  const Duration media =
      kBlocksOfMediaTime * layout.frames_per_block * Duration(layout.frame_duration);
  return media > Duration::zero() ? std::min(options.max_age, media) : options.max_age;
}

// Whether a symbol can be of the same use of its block's id.
bool FrameBlockDecoder::Impl::same_time(const FrameBlock& block, MediaTime32 time,
                                        Instant now) const noexcept {
  const Duration limit = age_limit(block.layout());
  const auto apart = std::chrono::milliseconds(
      std::max(time.distance_from(block.first_time()), block.last_time().distance_from(time)));
  return now - block.opened_at() <= limit && apart <= limit;
}

FrameBlock* FrameBlockDecoder::Impl::find_or_open(BlockId8 id, const ReceivedLayout& layout,
                                                  MediaTime32 time, Instant now) noexcept {
  FrameBlock& block = slot(id);
  if (block.status() != FrameBlock::Status::kFree && block.id() == id) {
    return continue_block(block, layout, time, now);
  }
  if (!may_open(id, layout, time, now)) return nullptr;
  advance(id, time, now);
  give_up(block);
  block.open(id, layout, time, now);
  return &block;
}

FrameBlock* FrameBlockDecoder::Impl::continue_block(FrameBlock& block, const ReceivedLayout& layout,
                                                    MediaTime32 time, Instant now) noexcept {
  const bool same =
      same_time(block, time, now) && layout.frames_per_block == block.layout().frames_per_block;
  if (same) {
    block.learn_frame_duration(layout.frame_duration);
    if (block.id() == newest) advance(newest, time, now);
    return &block;
  }
  if (!time.is_newer_than(block.last_time())) return nullptr;
  const BlockId8 id = block.id();
  ++counters.blocks_restarted;
  give_up(block);
  advance(id, time, now);
  block.open(id, layout, time, now);
  return &block;
}

// Media time tells what 8-bit ids cannot: whether an id that seems old is of the next round.
bool FrameBlockDecoder::Impl::may_open(BlockId8 id, const ReceivedLayout& layout, MediaTime32 time,
                                       Instant now) noexcept {
  if (!started) return true;
  const Duration limit = age_limit(layout);
  const auto ahead = std::chrono::milliseconds(time.distance_from(newest_time));
  const bool long_past = -ahead > limit;
  const bool given_up = id.distance_from(newest) < oldest.distance_from(newest);
  if (!long_past && !given_up && id.is_newer_than(newest)) return true;
  if (!long_past && !given_up && ahead <= limit) return true;  // late
  // After a gap of half a round of ids or more; or a sender that started again.
  const bool next_round = ahead > limit;
  if (!next_round && now - newest_at <= limit) return false;
  close_all();
  return true;
}

void FrameBlockDecoder::Impl::advance(BlockId8 id, MediaTime32 time, Instant now) noexcept {
  if (started && id.is_older_than(newest)) return;
  if (!started || id != newest || time.is_newer_than(newest_time)) newest_time = time;
  if (!started) oldest = id - (static_cast<std::int64_t>(blocks.size()) - 1);
  started = true;
  newest = id;
  newest_at = now;
  give_up_before(newest - (static_cast<std::int64_t>(blocks.size()) - 1));
}

void FrameBlockDecoder::Impl::give_up_before(BlockId8 id) noexcept {
  if (id.is_newer_than(oldest)) oldest = id;
  for (FrameBlock& block : blocks) {
    if (block.status() != FrameBlock::Status::kFree && block.id().is_older_than(oldest)) {
      give_up(block);
    }
  }
}

void FrameBlockDecoder::Impl::give_up(FrameBlock& block) noexcept {
  if (block.status() == FrameBlock::Status::kOpen) ++counters.blocks_given_up;
  block.close();
}

void FrameBlockDecoder::Impl::close_all() noexcept {
  for (FrameBlock& block : blocks) give_up(block);
  started = false;
}

FrameBlockDecoder::Recovered FrameBlockDecoder::Impl::solve(FrameBlock& block) noexcept {
  for (const std::uint8_t symbol : block.solve(solver)) {
    recovered.push_back(block.recovered(symbol));
  }
  if (block.status() == FrameBlock::Status::kFailed) ++counters.blocks_inconsistent;
  if (!recovered.empty()) ++counters.blocks_recovered;
  counters.frames_recovered += recovered.size();
  return recovered;
}

template <class Symbol>
Result<FrameBlockDecoder::Recovered> FrameBlockDecoder::Impl::add(const Symbol& symbol,
                                                                  ReceivedLayout layout,
                                                                  Instant now) noexcept {
  recovered.clear();
  if (const auto error = check(symbol, layout)) {
    ++counters.malformed;
    return Unexpected(*error);
  }
  if (layout.frames_per_block > options.max_frames_per_block) layout.frames_per_block = 0;
  FrameBlock* block = find_or_open(symbol.block, layout, symbol.media_time, now);
  if (block == nullptr) {
    ++counters.stale;
    return Unexpected(Errc::kStaleBlock);
  }
  FrameBlock::Fit fit = block->check(symbol);
  if (fit == FrameBlock::Fit::kContradiction &&
      symbol.media_time.is_newer_than(block->last_time())) {
    // The id means another block now: a sender that started again, or began the block anew.
    ++counters.blocks_restarted;
    give_up(*block);
    block->open(symbol.block, layout, symbol.media_time, now);
    fit = FrameBlock::Fit::kNew;
  }
  if (fit == FrameBlock::Fit::kContradiction) {
    ++counters.contradictory;
    return Unexpected(Errc::kContradictsBlock);
  }
  if (fit == FrameBlock::Fit::kDuplicate) {
    ++counters.duplicates;
    return Recovered{};
  }
  if (block->status() != FrameBlock::Status::kOpen) {
    ++counters.not_needed;
    return Recovered{};
  }
  if constexpr (std::is_same_v<Symbol, ReceivedRepair>) {
    if (!block->repair_room()) {
      ++counters.no_room;
      return Unexpected(Errc::kTooManyRepairSymbols);
    }
    ++counters.repairs;
  } else {
    ++counters.sources;
  }
  block->store(symbol);
  return solve(*block);
}

Result<FrameBlockDecoder> FrameBlockDecoder::create(FrameBlockDecoderOptions options) {
  if (options.max_frames_per_block < 1 || options.max_frames_per_block > kMaxFramesPerBlock) {
    return Unexpected(Errc::kSourceCountOutOfRange);
  }
  if (options.max_repair_symbols < 1 || options.max_repair_symbols > kMaxFramesPerBlock) {
    return Unexpected(Errc::kTooManyRepairSymbols);
  }
  if (options.max_frame_bytes < 1 || options.max_frame_bytes > kMaxSymbolSize - kLengthBytes) {
    return Unexpected(Errc::kSymbolSizeOutOfRange);
  }
  const Kernel* kernel = find_kernel(options.kernel);
  if (kernel == nullptr) return Unexpected(Errc::kUnknownKernel);
  return FrameBlockDecoder(std::make_unique<Impl>(options, *kernel));
}

FrameBlockDecoder::FrameBlockDecoder(std::unique_ptr<Impl> impl) noexcept
    : impl_(std::move(impl)) {}
FrameBlockDecoder::FrameBlockDecoder(FrameBlockDecoder&&) noexcept = default;
FrameBlockDecoder& FrameBlockDecoder::operator=(FrameBlockDecoder&&) noexcept = default;
FrameBlockDecoder::~FrameBlockDecoder() = default;

Result<FrameBlockDecoder::Recovered> FrameBlockDecoder::add_source(const ReceivedSource& source,
                                                                   const ReceivedLayout& layout,
                                                                   Instant now) noexcept {
  return impl_->add(source, layout, now);
}

Result<FrameBlockDecoder::Recovered> FrameBlockDecoder::add_repair(const ReceivedRepair& repair,
                                                                   const ReceivedLayout& layout,
                                                                   Instant now) noexcept {
  return impl_->add(repair, layout, now);
}

void FrameBlockDecoder::expire_before(BlockId8 block) noexcept {
  impl_->recovered.clear();
  impl_->give_up_before(block);
}

void FrameBlockDecoder::expire(Instant now) noexcept {
  impl_->recovered.clear();
  for (FrameBlock& block : impl_->blocks) {
    if (block.status() == FrameBlock::Status::kFree) continue;
    if (now - block.opened_at() > impl_->age_limit(block.layout())) impl_->give_up(block);
  }
}

void FrameBlockDecoder::reset() noexcept {
  impl_->recovered.clear();
  impl_->close_all();
}

std::size_t FrameBlockDecoder::blocks_in_flight() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(impl_->blocks.begin(), impl_->blocks.end(),
                    [](const FrameBlock& b) { return b.status() == FrameBlock::Status::kOpen; }));
}

const FrameBlockDecoderCounters& FrameBlockDecoder::counters() const noexcept {
  return impl_->counters;
}

}  // namespace wzp::fec
