#include "frame_block.hpp"

#include <algorithm>

namespace wzp::fec {

FrameSolver::FrameSolver(std::uint8_t max_frames, std::uint8_t max_repairs, const Kernel& k)
    : codes(max_frames),
      kernel(k),
      system(max_repairs, std::min(max_frames, max_repairs)),
      row_room(codes[max_frames].params().k_prime),
      coefficients(std::size_t{max_repairs} * max_frames),
      from(std::max(max_frames, max_repairs)),
      to(max_repairs) {
  missing.reserve(max_frames);
}

FrameBlock::FrameBlock(std::uint8_t max_frames, std::uint8_t max_repairs,
                       std::size_t max_frame_bytes)
    : max_frame_bytes_(std::max(max_frame_bytes, kMaxLegacyFrameBytes)),
      sources_(max_frames, frame_symbol_room(max_frame_bytes_)),
      repairs_(max_repairs, frame_symbol_room(max_frame_bytes_)) {}

void FrameBlock::open(BlockId8 id, const ReceivedLayout& layout, MediaTime32 time,
                      Instant now) noexcept {
  status_ = Status::kOpen;
  id_ = id;
  layout_ = layout;
  opened_at_ = now;
  first_time_ = time;
  last_time_ = time;
  hint_.reset();
  present_.reset();
  repair_ids_.reset();
  repair_count_ = 0;
  repair_size_ = 0;
  repair_times_agree_ = true;
}

void FrameBlock::learn_frame_duration(std::chrono::milliseconds d) noexcept {
  if (d.count() > 0) layout_.frame_duration = d;
}

void FrameBlock::touch(MediaTime32 time) noexcept {
  if (time.is_older_than(first_time_)) first_time_ = time;
  if (time.is_newer_than(last_time_)) last_time_ = time;
}

FrameBlock::Fit FrameBlock::check(const ReceivedSource& source) const noexcept {
  if (!present_[source.symbol]) {
    return hint_ && source.symbol >= hint_->frames ? Fit::kContradiction : Fit::kNew;
  }
  const std::size_t kept = lengths_[source.symbol];
  const ByteView frame = source.frame.first(std::min(source.frame.size(), kept));
  const bool same =
      times_[source.symbol] == source.media_time && frame.size() == kept &&
      std::equal(frame.begin(), frame.end(), as_bytes(sources_[source.symbol] + kLengthBytes));
  return same ? Fit::kDuplicate : Fit::kContradiction;
}

FrameBlock::Fit FrameBlock::check(const ReceivedRepair& repair) const noexcept {
  const auto hint = BlockHint::from_wire(repair.hint);
  if (repair_count_ > 0) {
    if (hint != hint_) return Fit::kContradiction;
    if (hint && repair.payload.size() != repair_size_) return Fit::kContradiction;
  } else if (hint) {
    for (std::size_t i = hint->frames; i < present_.size(); ++i) {
      if (present_[i]) return Fit::kContradiction;
    }
  }
  return repair_ids_[repair.esi] ? Fit::kDuplicate : Fit::kNew;
}

void FrameBlock::store(const ReceivedSource& source) noexcept {
  const ByteView frame = source.frame.first(std::min(source.frame.size(), max_frame_bytes_));
  write_frame_symbol(sources_, source.symbol, frame);
  lengths_[source.symbol] = static_cast<std::uint16_t>(frame.size());
  times_[source.symbol] = source.media_time;
  present_.set(source.symbol);
  touch(source.media_time);
}

void FrameBlock::store(const ReceivedRepair& repair) noexcept {
  if (repair_count_ == 0) {
    hint_ = BlockHint::from_wire(repair.hint);
    repair_time_ = repair.media_time;
  }
  if (repair.media_time != repair_time_) repair_times_agree_ = false;
  repairs_.assign(repair_count_, repair.payload);
  repair_esis_[repair_count_++] = repair.esi;
  repair_ids_.set(repair.esi);
  repair_size_ = std::max(repair_size_, repair.payload.size());
  touch(repair.media_time);
}

std::optional<std::uint8_t> FrameBlock::frame_count() const noexcept {
  if (hint_) return hint_->frames;
  if (layout_.frames_per_block == 0) return std::nullopt;
  return legacy_frame_count();
}

// A repair packet bears the media time at which the frame after its block is due. If that is less
// than K frames after the first one, the block was ended early and the frames it lacks are empty
// ones.
std::uint8_t FrameBlock::legacy_frame_count() const noexcept {
  const std::uint8_t k = layout_.frames_per_block;
  const auto duration = static_cast<std::int32_t>(layout_.frame_duration.count());
  if (duration <= 0 || repair_count_ == 0 || !repair_times_agree_) return k;
  int last = -1;
  for (int i = 0; i < k; ++i) {
    if (!present_[static_cast<std::size_t>(i)]) continue;
    // Silence inside a block: a sender that does this does not end blocks early.
    if (last >= 0 && times_[i].distance_from(times_[last]) != (i - last) * duration) return k;
    last = i;
  }
  if (last < 0) return k;
  const std::int32_t after = repair_time_.distance_from(times_[last]);
  if (after <= 0 || after % duration != 0) return k;
  return static_cast<std::uint8_t>(
      std::min<std::int64_t>(k, last + std::int64_t{after / duration}));
}

std::size_t FrameBlock::symbol_size() const noexcept {
  if (hint_) return repair_size_;
  std::size_t size = repair_size_;
  for (std::size_t i = 0; i < layout_.frames_per_block; ++i) {
    if (present_[i]) size = std::max(size, lengths_[i] + kLengthBytes);
  }
  return size;
}

// With a hint the size of the symbols is exact: no frame is longer, or all are as long.
bool FrameBlock::symbols_agree(std::uint8_t frames) const noexcept {
  if (!hint_) return true;
  for (std::size_t i = 0; i < frames; ++i) {
    if (!present_[i]) continue;
    if (equal_lengths() ? lengths_[i] != repair_size_ : lengths_[i] + kLengthBytes > repair_size_) {
      return false;
    }
  }
  return true;
}

std::span<const std::uint8_t> FrameBlock::solve(FrameSolver& solver) noexcept {
  const auto frames = frame_count();
  if (status_ != Status::kOpen || !frames) return {};
  solver.missing.clear();
  for (std::uint8_t i = 0; i < *frames; ++i) {
    if (!present_[i]) solver.missing.push_back(i);
  }
  if (solver.missing.empty()) {
    status_ = Status::kDone;
    return {};
  }
  if (repair_count_ < solver.missing.size()) return {};
  if (!hint_) cut_to_legacy();
  if (!symbols_agree(*frames)) {
    status_ = Status::kFailed;
    return {};
  }
  if (!invert(solver)) return {};
  compute(solver, *frames);
  status_ = Status::kDone;
  for (const std::uint8_t m : solver.missing) {
    if (!read_length(m)) status_ = Status::kFailed;
  }
  if (status_ == Status::kFailed) return {};
  // Empty frames are those a shortened block lacks.
  std::erase_if(solver.missing, [&](std::uint8_t m) { return lengths_[m] == 0; });
  return solver.missing;
}

// A legacy sender cuts a frame of more than 254 bytes in its symbol, though not in its packet.
void FrameBlock::cut_to_legacy() noexcept {
  for (std::size_t i = 0; i < layout_.frames_per_block; ++i) {
    if (!present_[i] || lengths_[i] <= kMaxLegacyFrameBytes) continue;
    lengths_[i] = kMaxLegacyFrameBytes;
    write_length(sources_[i], kMaxLegacyFrameBytes);
    std::fill(sources_[i] + kLegacySymbolSize, sources_[i] + sources_.stride(), std::uint8_t{0});
  }
}

bool FrameBlock::invert(FrameSolver& solver) const noexcept {
  const std::uint8_t coded = coded_frames();
  const BlockCode& code = solver.codes[coded];
  solver.system.start(repair_count_, solver.missing.size());
  for (std::size_t r = 0; r < repair_count_; ++r) {
    const std::uint32_t number = std::uint32_t{repair_esis_[r]} - coded;
    const std::uint8_t* row = code.repair_row(number, solver.row_room.data());
    std::uint8_t* equation = solver.system.row(r);
    for (std::size_t c = 0; c < solver.missing.size(); ++c) equation[c] = row[solver.missing[c]];
  }
  return solver.system.invert(solver.kernel);
}

// What the received frames leave of each repair symbol, times the inverse.
void FrameBlock::compute(FrameSolver& solver, std::uint8_t frames) noexcept {
  const std::uint8_t coded = coded_frames();
  const BlockCode& code = solver.codes[coded];
  const std::size_t offset = equal_lengths() ? kLengthBytes : 0;
  const std::size_t size = padded(symbol_size());
  const std::size_t lost = solver.missing.size();
  const std::size_t kept = frames - lost;
  std::size_t n = 0;
  for (std::size_t i = 0; i < frames; ++i) {
    if (present_[i]) solver.from[n++] = sources_[i] + offset;
  }
  for (std::size_t e = 0; e < lost; ++e) {
    const std::uint32_t repair = solver.system.order()[e];
    const std::uint32_t number = std::uint32_t{repair_esis_[repair]} - coded;
    const std::uint8_t* row = code.repair_row(number, solver.row_room.data());
    std::uint8_t* out = &solver.coefficients[e * kept];
    for (std::size_t i = 0; i < frames; ++i) {
      if (present_[i]) *out++ = row[i];
    }
    solver.to[e] = repairs_[repair];
  }
  solver.kernel.dense_product({solver.coefficients.data(), kept, solver.from.data(), kept,
                               solver.to.data(), solver.to.data(), lost, size});
  for (std::size_t e = 0; e < lost; ++e) {
    solver.from[e] = solver.to[e];
    solver.to[e] = sources_[solver.missing[e]] + offset;
  }
  solver.kernel.dense_product({solver.system.inverse(), solver.system.stride(), solver.from.data(),
                               lost, nullptr, solver.to.data(), lost, size});
}

// A recovered symbol is a length and a frame followed by zeros, or the block was not what it
// seemed.
bool FrameBlock::read_length(std::uint8_t symbol) noexcept {
  if (equal_lengths()) {
    lengths_[symbol] = static_cast<std::uint16_t>(repair_size_);
    return true;
  }
  const std::uint8_t* bytes = sources_[symbol];
  const std::size_t length = bytes[0] | std::size_t{bytes[1]} << 8;
  const std::size_t size = symbol_size();
  if (length + kLengthBytes > size) return false;
  lengths_[symbol] = static_cast<std::uint16_t>(length);
  return std::all_of(bytes + kLengthBytes + length, bytes + size,
                     [](std::uint8_t b) { return b == 0; });
}

RecoveredFrame FrameBlock::recovered(std::uint8_t symbol) const noexcept {
  const std::int64_t duration = layout_.frame_duration.count();
  const int m = symbol;
  int before = m - 1;
  while (before >= 0 && !present_[static_cast<std::size_t>(before)]) --before;
  int after = m + 1;
  const int frames = frame_count().value_or(0);
  while (after < frames && !present_[static_cast<std::size_t>(after)]) ++after;
  const MediaTime32 upper =
      (after < frames ? times_[static_cast<std::size_t>(after)] : repair_time_) -
      (after - m) * duration;
  RecoveredFrame out{id_, symbol, upper, false,
                     sources_.view(symbol, kLengthBytes + lengths_[symbol]).subspan(kLengthBytes)};
  // Senders that give hints end a block at each pause, so there is no silence in it.
  out.time_is_exact = hint_.has_value() && duration > 0;
  if (before >= 0) {
    const MediaTime32 lower = times_[static_cast<std::size_t>(before)] + (m - before) * duration;
    out.time_is_exact = lower == upper && duration > 0;
    if (m - before <= after - m) out.media_time = lower;
  }
  return out;
}

}  // namespace wzp::fec
