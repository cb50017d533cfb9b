// One block of frames as a receiver has it.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "frame_codes.hpp"
#include "gf256_matrix.hpp"
#include "symbol_buffer.hpp"
#include "wzp/fec/frame_block_decoder.hpp"

namespace wzp::fec {

/// What solving needs besides the block; shared by all blocks of a decoder.
struct FrameSolver {
  FrameSolver(std::uint8_t max_frames, std::uint8_t max_repairs, const Kernel& k);

  FrameCodes codes;
  const Kernel& kernel;
  LinearSystem system;
  std::vector<std::uint8_t> row_room, coefficients;
  std::vector<const std::uint8_t*> from;
  std::vector<std::uint8_t*> to;
  std::vector<std::uint8_t> missing;
};

class FrameBlock {
 public:
  enum class Status : std::uint8_t {
    kFree,
    kOpen,    ///< Frames may be missing.
    kDone,    ///< All frames received or recovered.
    kFailed,  ///< Its symbols contradict each other.
  };
  enum class Fit : std::uint8_t { kNew, kDuplicate, kContradiction };

  FrameBlock(std::uint8_t max_frames, std::uint8_t max_repairs, std::size_t max_frame_bytes);

  void open(BlockId8 id, const ReceivedLayout& layout, MediaTime32 time, Instant now) noexcept;
  void close() noexcept { status_ = Status::kFree; }

  [[nodiscard]] Status status() const noexcept { return status_; }
  [[nodiscard]] BlockId8 id() const noexcept { return id_; }
  [[nodiscard]] Instant opened_at() const noexcept { return opened_at_; }
  [[nodiscard]] MediaTime32 first_time() const noexcept { return first_time_; }
  [[nodiscard]] MediaTime32 last_time() const noexcept { return last_time_; }
  [[nodiscard]] const ReceivedLayout& layout() const noexcept { return layout_; }
  [[nodiscard]] std::optional<BlockHint> hint() const noexcept { return hint_; }
  [[nodiscard]] bool repair_room() const noexcept { return repair_count_ < repairs_.count(); }
  void learn_frame_duration(std::chrono::milliseconds d) noexcept;

  /// Whether the symbol may be stored. A source symbol that another one stands in the way of, is a
  /// contradiction.
  [[nodiscard]] Fit check(const ReceivedSource& source) const noexcept;
  [[nodiscard]] Fit check(const ReceivedRepair& repair) const noexcept;
  /// Requires: check() said kNew, and for a repair symbol repair_room().
  void store(const ReceivedSource& source) noexcept;
  void store(const ReceivedRepair& repair) noexcept;

  /// Recovers what is missing if that can be done, and says which frames that were.
  std::span<const std::uint8_t> solve(FrameSolver& solver) noexcept;

  /// Requires: a symbol that solve() named.
  [[nodiscard]] RecoveredFrame recovered(std::uint8_t symbol) const noexcept;

 private:
  [[nodiscard]] std::optional<std::uint8_t> frame_count() const noexcept;
  [[nodiscard]] std::uint8_t legacy_frame_count() const noexcept;
  [[nodiscard]] bool symbols_agree(std::uint8_t frames) const noexcept;
  [[nodiscard]] std::size_t symbol_size() const noexcept;
  [[nodiscard]] bool equal_lengths() const noexcept { return hint_ && hint_->equal_lengths; }
  [[nodiscard]] std::uint8_t coded_frames() const noexcept {
    return hint_ ? hint_->frames : layout_.frames_per_block;
  }
  void cut_to_legacy() noexcept;
  [[nodiscard]] bool invert(FrameSolver& solver) const noexcept;
  void compute(FrameSolver& solver, std::uint8_t frames) noexcept;
  [[nodiscard]] bool read_length(std::uint8_t symbol) noexcept;
  void touch(MediaTime32 time) noexcept;

  Status status_ = Status::kFree;
  BlockId8 id_;
  ReceivedLayout layout_;
  Instant opened_at_{};
  MediaTime32 first_time_, last_time_;
  std::optional<BlockHint> hint_;

  std::size_t max_frame_bytes_;
  SymbolBuffer sources_, repairs_;
  std::bitset<kMaxFramesPerBlock + 1> present_;
  std::array<std::uint16_t, kMaxFramesPerBlock + 1> lengths_{};
  std::array<MediaTime32, kMaxFramesPerBlock + 1> times_{};
  std::bitset<256> repair_ids_;
  std::array<std::uint8_t, kMaxFramesPerBlock + 1> repair_esis_{};
  std::size_t repair_count_ = 0, repair_size_ = 0;
  MediaTime32 repair_time_;
  bool repair_times_agree_ = true;
};

}  // namespace wzp::fec
