#include "../src/room_view.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace wzp;
using client::RoomView;

namespace {

proto::RoomParticipant someone(std::uint16_t stream, const char* fingerprint = "aa") {
  return {StreamId{stream}, {}, {"stream-id"}, fingerprint, std::nullopt};
}

}  // namespace

TEST_CASE("a room is told in full once and then by its changes") {
  RoomView room;
  auto changes = room.apply({1, 0, StreamId{2}, {someone(1), someone(2)}, {}});
  REQUIRE(changes.joined.size() == 1);
  CHECK(changes.joined[0].stream == StreamId{1});

  changes = room.apply({2, 1, StreamId{2}, {someone(3)}, {}});
  CHECK(changes.joined.size() == 1);
  CHECK(room.lists(StreamId{3}));

  changes = room.apply({3, 2, StreamId{2}, {}, {StreamId{1}}});
  REQUIRE(changes.left.size() == 1);
  CHECK(changes.left[0].stream == StreamId{1});
  CHECK(room.participants().size() == 1);
}

TEST_CASE("an update that is older than what is known changes nothing") {
  RoomView room;
  static_cast<void>(room.apply({5, 0, StreamId{2}, {someone(1)}, {}}));
  const auto changes = room.apply({5, 0, StreamId{2}, {}, {}});
  CHECK(changes.left.empty());
  CHECK_FALSE(changes.needs_query);
  CHECK(room.lists(StreamId{1}));
}

TEST_CASE("an update that builds on an unknown revision asks for the room in full") {
  RoomView room;
  CHECK(room.apply({4, 3, StreamId{2}, {someone(1)}, {}}).needs_query);
  static_cast<void>(room.apply({5, 0, StreamId{2}, {someone(1)}, {}}));
  const auto changes = room.apply({8, 7, StreamId{2}, {someone(9)}, {}});
  CHECK(changes.needs_query);
  CHECK(changes.joined.empty());
  CHECK_FALSE(room.lists(StreamId{9}));
}

TEST_CASE("a full update replaces everything, and another fingerprint is another participant") {
  RoomView room;
  static_cast<void>(room.apply({1, 0, StreamId{2}, {someone(1, "aa"), someone(3)}, {}}));
  const auto changes = room.apply({9, 0, StreamId{2}, {someone(1, "bb")}, {}});
  CHECK(changes.left.size() == 2);
  REQUIRE(changes.joined.size() == 1);
  CHECK(changes.joined[0].fingerprint == "bb");
}
