#include "wzp/fec/frame_block_decoder.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <random>

#include "vectors.hpp"
#include "wzp/fec/frame_block_encoder.hpp"

namespace wzp::fec {
namespace {

using std::chrono::milliseconds;
using test::Bytes;

constexpr Instant kStart{std::chrono::seconds(1000)};

struct Packet {
  bool is_repair = false;
  BlockId8 block;
  std::uint8_t symbol = 0;
  std::uint8_t hint = 0;
  MediaTime32 time;
  Bytes payload;
};

// A sender as the pipeline of the specification: media time counts frames offered.
class Sender {
 public:
  explicit Sender(FrameBlockLayout layout, milliseconds duration = milliseconds(20),
                  std::uint32_t start = 0)
      : fec_(std::move(*FrameBlockEncoder::create({.layout = layout}))),
        duration_(duration),
        time_(start) {}

  void speak(std::size_t frames) {
    for (std::size_t i = 0; i < frames; ++i) {
      const Bytes frame = next_frame();
      const auto place = fec_.add_frame(frame);
      REQUIRE(place.has_value());
      frames_[time_.value()] = frame;
      packets_.push_back({false, place->block, place->symbol, 0, time_, frame});
      time_ = time_ + duration_.count();
      take_repairs();
    }
  }
  void end_block() {
    fec_.end_block();
    take_repairs();
  }
  void pause(milliseconds length) { time_ = time_ + length.count(); }
  void set_layout(FrameBlockLayout layout) {
    REQUIRE(fec_.set_layout(layout).has_value());
    take_repairs();
  }

  std::vector<Packet> take() { return std::exchange(packets_, {}); }
  const Bytes& frame_at(MediaTime32 time) const { return frames_.at(time.value()); }
  bool has_frame_at(MediaTime32 time) const { return frames_.count(time.value()) != 0; }

 private:
  Bytes next_frame() {
    Bytes out(20 + random_() % 40);
    for (std::byte& b : out) b = static_cast<std::byte>(random_());
    return out;
  }
  void take_repairs() {
    for (std::size_t i = 0; i < fec_.repair_count(); ++i) {
      const RepairSymbol r = fec_.repair(i);
      packets_.push_back(
          {true, r.block, r.esi, r.hint, time_, Bytes(r.payload.begin(), r.payload.end())});
    }
  }

  FrameBlockEncoder fec_;
  milliseconds duration_;
  MediaTime32 time_;
  std::vector<Packet> packets_;
  std::map<std::uint32_t, Bytes> frames_;
  std::mt19937 random_{7};
};

struct Recovery {
  BlockId8 block;
  int symbol;
  MediaTime32 time;
  bool exact;
  Bytes frame;
};

class Receiver {
 public:
  explicit Receiver(ReceivedLayout layout, FrameBlockDecoderOptions options = {})
      : fec_(std::move(*FrameBlockDecoder::create(options))), layout_(layout) {}

  Result<FrameBlockDecoder::Recovered> give(const Packet& p) {
    const auto result =
        p.is_repair ? fec_.add_repair({p.block, p.symbol, p.hint, p.time, p.payload}, layout_, now_)
                    : fec_.add_source({p.block, p.symbol, p.time, p.payload}, layout_, now_);
    if (result) {
      for (const RecoveredFrame& f : *result) {
        recovered.push_back({f.block, f.symbol, f.media_time, f.time_is_exact,
                             Bytes(f.frame.begin(), f.frame.end())});
      }
    }
    return result;
  }
  void give(const std::vector<Packet>& packets, const std::vector<std::size_t>& lost = {}) {
    for (std::size_t i = 0; i < packets.size(); ++i) {
      if (std::find(lost.begin(), lost.end(), i) == lost.end()) static_cast<void>(give(packets[i]));
    }
  }
  void wait(Duration d) { now_ += d; }
  void set_layout(ReceivedLayout layout) { layout_ = layout; }
  FrameBlockDecoder& fec() { return fec_; }
  Instant now() const { return now_; }
  const FrameBlockDecoderCounters& counters() const { return fec_.counters(); }

  std::vector<Recovery> recovered;

 private:
  FrameBlockDecoder fec_;
  ReceivedLayout layout_;
  Instant now_ = kStart;
};

void check_recovered(const Receiver& receiver, const Sender& sender, std::size_t count) {
  CHECK(receiver.recovered.size() == count);
  for (const Recovery& r : receiver.recovered) {
    INFO("media time " << r.time.value());
    REQUIRE(sender.has_frame_at(r.time));
    CHECK(r.frame == sender.frame_at(r.time));
  }
}

TEST_CASE("a frame lost from a block of five is recovered byte for byte, whichever it is") {
  const auto lost = GENERATE(0U, 1U, 2U, 3U, 4U);
  const auto policy = GENERATE(SymbolPolicy::kLegacy256Trimmed, SymbolPolicy::kFitBlock);
  Sender sender({5, 0.2F, policy});
  sender.speak(5);
  Receiver receiver({5, milliseconds(20)});
  receiver.give(sender.take(), {lost});
  check_recovered(receiver, sender, 1);
  CHECK(receiver.recovered[0].symbol == static_cast<int>(lost));
  // Before frame 0 there may have been a silence, unless the sender gives hints.
  CHECK(receiver.recovered[0].exact == (lost > 0 || policy == SymbolPolicy::kFitBlock));
  CHECK(receiver.counters().frames_recovered == 1);
  CHECK(receiver.counters().blocks_recovered == 1);
}

TEST_CASE("symbols in any order and repeated give the same frames") {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    Sender sender(
        {10, 0.5F, round % 2 == 0 ? SymbolPolicy::kLegacy256Trimmed : SymbolPolicy::kFitBlock},
        milliseconds(40));
    sender.speak(30);
    std::vector<Packet> packets = sender.take();
    std::vector<Packet> kept;
    std::size_t lost_sources = 0;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const bool lose = i % 15 == static_cast<std::size_t>(round % 10) ||
                        i % 15 == static_cast<std::size_t>(round % 7);
      if (lose) {
        lost_sources += packets[i].is_repair ? 0 : 1;
      } else {
        kept.push_back(packets[i]);
        if (random() % 3 == 0) kept.push_back(packets[i]);
      }
    }
    std::shuffle(kept.begin(), kept.end(), random);
    Receiver receiver({10, milliseconds(40)});
    receiver.give(kept);
    INFO("round " << round);
    // What comes late is recovered before it comes: at least what never came.
    CHECK(receiver.recovered.size() >= lost_sources);
    for (const Recovery& r : receiver.recovered) CHECK(r.frame == sender.frame_at(r.time));
  }
}

TEST_CASE("the reference's repair symbols of 256 bytes work like trimmed ones") {
  Sender sender({5, 0.2F});
  sender.speak(5);
  std::vector<Packet> packets = sender.take();
  packets[5].payload.resize(256);
  Receiver receiver({5, milliseconds(20)});
  receiver.give(packets, {3});
  check_recovered(receiver, sender, 1);
}

TEST_CASE("a block ended at a pause is repaired towards legacy receivers and with fec-symsize") {
  const auto policy = GENERATE(SymbolPolicy::kLegacy256Trimmed, SymbolPolicy::kFitBlock);
  const auto frames = GENERATE(2U, 3U, 4U);
  const auto lost = GENERATE(0U, 1U, 2U, 3U);
  if (lost >= frames) return;
  Sender sender({5, 0.2F, policy});
  sender.speak(frames);
  sender.end_block();
  sender.pause(milliseconds(500));
  sender.speak(5);
  Receiver receiver({5, milliseconds(20)});
  receiver.give(sender.take(), {lost});
  check_recovered(receiver, sender, 1);
  CHECK(receiver.recovered[0].block == BlockId8(0));
  CHECK(receiver.recovered[0].symbol == static_cast<int>(lost));
}

TEST_CASE("a reference block that spans a silence is not taken for a shorter one") {
  Sender sender({5, 0.2F});
  sender.speak(3);
  sender.pause(milliseconds(640));
  sender.speak(2);
  const auto lost = GENERATE(0U, 1U, 2U, 3U, 4U);
  Receiver receiver({5, milliseconds(20)});
  receiver.give(sender.take(), {lost});
  REQUIRE(receiver.recovered.size() == 1);
  const Recovery& r = receiver.recovered[0];
  CHECK(r.symbol == static_cast<int>(lost));
  // At the silence itself the time is a guess: before the gap if that is as near.
  const std::uint32_t expected[] = {0, 20, 40, 60, 720};
  CHECK(r.time.value() == expected[lost]);
  const bool beside_the_gap = lost == 2 || lost == 3;
  if (beside_the_gap) CHECK_FALSE(r.exact);
  if (lost == 4) CHECK(r.exact);
}

TEST_CASE("frames of forty milliseconds and Codec2 frames are recovered") {
  Sender sender({8, 1.0F, SymbolPolicy::kFitBlock}, milliseconds(40));
  sender.speak(8);
  Receiver receiver({8, milliseconds(40)});
  receiver.give(sender.take(), {0, 1, 2, 3, 4, 5, 6});
  // Six of eight would do for the code; the block waits for as many symbols as it has frames.
  CHECK(receiver.recovered.size() == 7);
  check_recovered(receiver, sender, 7);
}

TEST_CASE("block ids wrap many times without mixing blocks") {
  Sender sender({5, 0.2F});
  Receiver receiver({5, milliseconds(20)});
  std::size_t blocks = 0;
  for (; blocks < 2000; ++blocks) {
    sender.speak(5);
    receiver.give(sender.take(), {blocks % 5});
    receiver.wait(milliseconds(100));
  }
  check_recovered(receiver, sender, blocks);
  CHECK(receiver.counters().blocks_restarted == 0);
  CHECK(receiver.counters().stale == 0);
}

TEST_CASE("an outage of exactly one round of ids does not join old and new symbols") {
  Sender sender({5, 0.2F});
  sender.speak(2);
  Receiver receiver({5, milliseconds(20)});
  receiver.give(sender.take());  // block 0, symbols 0 and 1
  sender.speak(3 + 255 * 5 + 2);
  static_cast<void>(
      sender.take());  // lost: the rest of block 0, blocks 1 to 255, 0 and 1 of block 0
  receiver.wait(milliseconds(20 * (3 + 255 * 5 + 2)));
  sender.speak(3);
  receiver.give(sender.take());  // symbols 2 to 4 and the repair symbol of another block 0
  CHECK(receiver.recovered.empty());
  CHECK(receiver.counters().blocks_restarted == 1);
  sender.speak(5);
  receiver.give(sender.take(), {2});
  check_recovered(receiver, sender, 1);
}

TEST_CASE("after an outage of any length repair goes on at once") {
  const auto k = GENERATE(std::uint8_t{2}, std::uint8_t{4}, std::uint8_t{5}, std::uint8_t{12});
  const auto blocks_lost = GENERATE(1U, 15U, 16U, 17U, 100U, 112U, 113U, 120U, 127U, 128U, 129U,
                                    200U, 255U, 256U, 257U, 300U, 1000U);
  Sender sender({k, 0.5F});
  Receiver receiver({k, milliseconds(20)});
  sender.speak(10U * k);
  receiver.give(sender.take());
  sender.speak(k * blocks_lost);
  static_cast<void>(sender.take());
  receiver.wait(milliseconds(20 * k * blocks_lost));
  sender.speak(10U * k);
  receiver.give(sender.take(), {1});
  INFO("K " << int{k} << ", " << blocks_lost << " blocks lost");
  check_recovered(receiver, sender, 1);
}

TEST_CASE("a sender that restarts is repaired after reset, and by itself after the maximum age") {
  const bool told = GENERATE(true, false);
  Sender first({5, 0.2F});
  Receiver receiver({5, milliseconds(20)});
  first.speak(1003);
  receiver.give(first.take());
  if (told) {
    receiver.fec().reset();
  } else {
    receiver.wait(std::chrono::seconds(11));
  }
  Sender second({5, 0.2F});
  second.speak(20);
  receiver.give(second.take(), {3});
  check_recovered(receiver, second, 1);
}

TEST_CASE("late symbols of blocks long past are refused") {
  Sender sender({5, 0.2F});
  sender.speak(5);
  const std::vector<Packet> old = sender.take();
  Receiver receiver({5, milliseconds(20)});
  sender.speak(5 * 40);
  receiver.give(sender.take());
  CHECK(receiver.give(old[0]).error() == Errc::kStaleBlock);
  CHECK(receiver.counters().stale == 1);
}

TEST_CASE("expired blocks are given up and counted") {
  Sender sender({5, 0.2F});
  sender.speak(15);
  const std::vector<Packet> packets = sender.take();
  Receiver receiver({5, milliseconds(20)});
  for (const std::size_t i : {0U, 6U, 12U}) REQUIRE(receiver.give(packets[i]).has_value());
  CHECK(receiver.fec().blocks_in_flight() == 3);
  receiver.fec().expire_before(BlockId8(2));
  CHECK(receiver.fec().blocks_in_flight() == 1);
  CHECK(receiver.counters().blocks_given_up == 2);
  CHECK(receiver.give(packets[1]).error() == Errc::kStaleBlock);
  receiver.fec().expire(receiver.now() + std::chrono::seconds(9));
  CHECK(receiver.fec().blocks_in_flight() == 1);
  receiver.fec().expire(receiver.now() + std::chrono::seconds(11));
  CHECK(receiver.fec().blocks_in_flight() == 0);
  CHECK(receiver.counters().blocks_given_up == 3);
}

TEST_CASE("blocks can be given up before any of their symbols came") {
  Sender sender({5, 0.2F});
  sender.speak(15);
  const std::vector<Packet> packets = sender.take();
  Receiver receiver({5, milliseconds(20)});
  REQUIRE(receiver.give(packets[0]).has_value());
  receiver.fec().expire_before(BlockId8(2));
  CHECK(receiver.give(packets[6]).error() == Errc::kStaleBlock);
  receiver.give({packets.begin() + 12, packets.end()}, {3});
  check_recovered(receiver, sender, 1);
}

TEST_CASE("a change of layout is followed without loss") {
  Sender sender({5, 0.2F});
  Receiver receiver({5, milliseconds(20)});
  sender.speak(7);
  sender.set_layout({10, 0.5F});
  receiver.give(sender.take(), {1, 7});
  sender.speak(20);
  receiver.set_layout({10, milliseconds(20)});
  receiver.give(sender.take(), {0, 1, 4, 19});
  check_recovered(receiver, sender, 2 + 4);
}

TEST_CASE("a reference sender that reuses a block number after a profile change confuses nobody") {
  Sender before({5, 0.2F});
  before.speak(3);
  Sender after({10, 0.5F}, milliseconds(40), 60);  // block 0 and symbol 0 again, time goes on
  after.speak(10);
  Receiver receiver({5, milliseconds(20)});
  receiver.give(before.take());
  receiver.set_layout({10, milliseconds(40)});
  receiver.give(after.take(), {2, 5});
  check_recovered(receiver, after, 2);
  CHECK(receiver.counters().blocks_restarted == 1);
}

TEST_CASE("what is no valid symbol is refused, counted and changes nothing") {
  Sender sender({5, 0.2F});
  sender.speak(5);
  const std::vector<Packet> packets = sender.take();
  Receiver receiver({5, milliseconds(20)});
  receiver.give({packets[0], packets[1]});
  Packet bad = packets[2];
  bad.payload.clear();
  CHECK(receiver.give(bad).error() == Errc::kFrameEmpty);
  bad = packets[2];
  bad.symbol = 5;
  CHECK(receiver.give(bad).error() == Errc::kSymbolIdOutOfRange);
  bad = packets[5];
  bad.symbol = 4;
  CHECK(receiver.give(bad).error() == Errc::kSymbolIdOutOfRange);
  bad = packets[5];
  bad.payload.resize(257);
  CHECK(receiver.give(bad).error() == Errc::kWrongSymbolSize);
  bad.payload.clear();
  CHECK(receiver.give(bad).error() == Errc::kWrongSymbolSize);
  bad = packets[5];
  bad.hint = 33;
  CHECK(receiver.give(bad).error() == Errc::kSourceCountOutOfRange);
  CHECK(receiver.counters().malformed == 6);
  bad = packets[1];
  bad.payload[3] ^= std::byte{1};
  CHECK(receiver.give(bad).error() == Errc::kContradictsBlock);
  CHECK(receiver.counters().contradictory == 1);
  receiver.give({packets[3], packets[4], packets[5]});
  check_recovered(receiver, sender, 1);
}

TEST_CASE("a block whose symbols cannot be frames gives nothing") {
  Sender sender({5, 0.2F});
  sender.speak(5);
  std::vector<Packet> packets = sender.take();
  packets[5].payload[1] ^= std::byte{0x40};  // high byte of the length
  Receiver receiver({5, milliseconds(20)});
  receiver.give(packets, {2});
  CHECK(receiver.recovered.empty());
  CHECK(receiver.counters().blocks_inconsistent == 1);
}

TEST_CASE("repair symbols beyond the limit are refused") {
  Sender sender({10, 1.0F}, milliseconds(40));
  sender.speak(10);
  const std::vector<Packet> packets = sender.take();
  Receiver receiver({10, milliseconds(40)}, {.max_repair_symbols = 4});
  for (std::size_t i = 10; i < 14; ++i) CHECK(receiver.give(packets[i]).has_value());
  CHECK(receiver.give(packets[14]).error() == Errc::kTooManyRepairSymbols);
  CHECK(receiver.counters().no_room == 1);
}

TEST_CASE("a frame the reference cut in its symbol does not spoil the others") {
  // The symbol holds 254 bytes of it, the packet all.
  Sender sender({5, 0.2F});
  auto fec = FrameBlockEncoder::create({.layout = {5, 0.2F}});
  std::vector<Packet> packets;
  for (std::uint8_t i = 0; i < 5; ++i) {
    Bytes frame(i == 1 ? 300 : 50, std::byte{i});
    const ByteView in_symbol = ByteView(frame).first(std::min<std::size_t>(frame.size(), 254));
    REQUIRE(fec->add_frame(in_symbol).has_value());
    packets.push_back({false, BlockId8(0), i, 0, MediaTime32(20U * i), frame});
  }
  const ByteView repair = fec->repair(0).payload;
  packets.push_back(
      {true, BlockId8(0), 5, 0, MediaTime32(100), Bytes(repair.begin(), repair.end())});
  const auto max_frame_bytes = GENERATE(std::size_t{254}, std::size_t{1200});
  Receiver receiver({5, milliseconds(20)}, {.max_frame_bytes = max_frame_bytes});
  receiver.give(packets, {3});
  REQUIRE(receiver.recovered.size() == 1);
  CHECK(receiver.recovered[0].frame == Bytes(50, std::byte{3}));
}

}  // namespace
}  // namespace wzp::fec
