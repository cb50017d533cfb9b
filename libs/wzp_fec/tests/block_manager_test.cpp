#include "wzp/fec/block_manager.hpp"

#include <catch2/catch_test_macros.hpp>

namespace wzp::fec {
namespace {

using Sender = SenderBlocks::State;
using Receiver = ReceiverBlocks::State;

TEST_CASE("a sender's block is built, sent, acknowledged and forgotten") {
  SenderBlocks blocks;
  CHECK(blocks.state(BlockId8(0)) == Sender::kBuilding);
  CHECK_FALSE(blocks.mark_sent(BlockId8(0)));
  CHECK(blocks.next() == BlockId8(1));
  CHECK(blocks.state(BlockId8(0)) == Sender::kPending);
  CHECK(blocks.mark_sent(BlockId8(0)));
  CHECK_FALSE(blocks.mark_sent(BlockId8(0)));
  CHECK(blocks.mark_acknowledged(BlockId8(0)));
  CHECK_FALSE(blocks.mark_acknowledged(BlockId8(1)));
  CHECK(blocks.prune() == 1);
  CHECK(blocks.state(BlockId8(0)) == Sender::kUnused);
  CHECK(blocks.current() == BlockId8(1));
}

TEST_CASE("a sender's ids wrap and are never in use twice") {
  SenderBlocks blocks(BlockId8(250));
  for (int i = 1; i <= 1000; ++i) {
    const BlockId8 id = blocks.next();
    CHECK(id == BlockId8(250) + i);
    CHECK(blocks.state(id) == Sender::kBuilding);
    CHECK(blocks.state(id - 1) == Sender::kPending);
    CHECK(blocks.state(id + 1) == Sender::kUnused);
    CHECK(blocks.state(id - 128) == Sender::kUnused);
  }
  CHECK(blocks.overruns() == 1000 - 127);
}

TEST_CASE("a receiver's block is assembled, completed or expired") {
  ReceiverBlocks blocks;
  CHECK(blocks.state(BlockId8(7)) == Receiver::kUnknown);
  CHECK_FALSE(blocks.mark_complete(BlockId8(7)));
  CHECK_FALSE(blocks.mark_expired(BlockId8(7)));
  CHECK(blocks.touch(BlockId8(7)) == Receiver::kAssembling);
  CHECK(blocks.mark_complete(BlockId8(7)));
  CHECK(blocks.touch(BlockId8(7)) == Receiver::kComplete);
  CHECK(blocks.mark_expired(BlockId8(7)));
  CHECK(blocks.touch(BlockId8(7)) == Receiver::kExpired);
  CHECK(blocks.prune() == 1);
  CHECK(blocks.touch(BlockId8(7)) == Receiver::kAssembling);
}

TEST_CASE("expiry takes the half round of ids before a block, across the wrap") {
  ReceiverBlocks blocks;
  for (int i = 0; i < 20; ++i) blocks.touch(BlockId8(246) + i);  // 246..255, 0..9
  CHECK(blocks.expire_before(BlockId8(2)) == 12);
  CHECK(blocks.state(BlockId8(1)) == Receiver::kExpired);
  CHECK(blocks.state(BlockId8(2)) == Receiver::kAssembling);
  CHECK(blocks.count(Receiver::kAssembling) == 8);
  CHECK(blocks.expire_before(BlockId8(2)) == 0);
  CHECK(blocks.prune() == 12);
}

TEST_CASE("an id that comes round again is a new block") {
  ReceiverBlocks blocks;
  for (int i = 0; i < 256 * 3; ++i) {
    CHECK(blocks.touch(BlockId8(0) + i) == Receiver::kAssembling);
    CHECK(blocks.mark_complete(BlockId8(0) + i));
    CHECK(blocks.count(Receiver::kComplete) <= 128);
  }
}

}  // namespace
}  // namespace wzp::fec
