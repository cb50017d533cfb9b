#include "wzp/fec/block_manager.hpp"

#include <algorithm>

namespace wzp::fec {
namespace {

constexpr int kHalfRound = 128;

}  // namespace

SenderBlocks::SenderBlocks(BlockId8 first) noexcept : current_(first) {
  states_[first.value()] = State::kBuilding;
}

BlockId8 SenderBlocks::next() noexcept {
  states_[current_.value()] = State::kPending;
  ++current_;
  State& oldest = states_[(current_ - kHalfRound).value()];
  if (oldest != State::kUnused && oldest != State::kAcknowledged) ++overruns_;
  oldest = State::kUnused;
  states_[current_.value()] = State::kBuilding;
  return current_;
}

bool SenderBlocks::mark_sent(BlockId8 id) noexcept {
  State& state = states_[id.value()];
  if (state != State::kPending) return false;
  state = State::kSent;
  return true;
}

bool SenderBlocks::mark_acknowledged(BlockId8 id) noexcept {
  State& state = states_[id.value()];
  if (state != State::kPending && state != State::kSent) return false;
  state = State::kAcknowledged;
  return true;
}

std::size_t SenderBlocks::prune() noexcept {
  std::size_t n = 0;
  for (State& state : states_) {
    if (state != State::kAcknowledged) continue;
    state = State::kUnused;
    ++n;
  }
  return n;
}

ReceiverBlocks::State ReceiverBlocks::touch(BlockId8 id) noexcept {
  if (!started_) newest_ = id;
  started_ = true;
  for (; id.is_newer_than(newest_); ++newest_) {
    states_[(newest_ + 1 - kHalfRound).value()] = State::kUnknown;  // leaves the window
  }
  State& state = states_[id.value()];
  if (state == State::kUnknown) state = State::kAssembling;
  return state;
}

bool ReceiverBlocks::mark_complete(BlockId8 id) noexcept {
  State& state = states_[id.value()];
  if (state != State::kAssembling) return false;
  state = State::kComplete;
  return true;
}

bool ReceiverBlocks::mark_expired(BlockId8 id) noexcept {
  State& state = states_[id.value()];
  if (state == State::kUnknown) return false;
  state = State::kExpired;
  return true;
}

std::size_t ReceiverBlocks::expire_before(BlockId8 id) noexcept {
  std::size_t n = 0;
  for (int back = 1; back <= kHalfRound; ++back) {
    State& state = states_[(id - back).value()];
    if (state != State::kAssembling && state != State::kComplete) continue;
    state = State::kExpired;
    ++n;
  }
  return n;
}

std::size_t ReceiverBlocks::prune() noexcept {
  std::size_t n = 0;
  for (State& state : states_) {
    if (state != State::kExpired) continue;
    state = State::kUnknown;
    ++n;
  }
  return n;
}

std::size_t ReceiverBlocks::count(State state) const noexcept {
  return static_cast<std::size_t>(std::count(states_.begin(), states_.end(), state));
}

}  // namespace wzp::fec
