#include "wzp/transport/tx_batch.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace wzp;
using namespace wzp::transport;

namespace {

const SocketAddress kA = SocketAddress::ipv4({10, 0, 0, 1}, 1);
const SocketAddress kB = SocketAddress::ipv4({10, 0, 0, 2}, 2);

void put(TxBatch& batch, std::size_t n, const SocketAddress& to, char fill = 'x') {
  const MutableBytes room = batch.room(n);
  REQUIRE(room.size() == n);
  std::fill(room.begin(), room.end(), static_cast<std::byte>(fill));
  batch.commit(n, to);
}

}  // namespace

TEST_CASE("equal payloads to one address in a row form one entry, whose last may be shorter") {
  TxBatch batch;
  put(batch, 1200, kA, 'a');
  put(batch, 1200, kA, 'b');
  put(batch, 700, kA, 'c');
  put(batch, 700, kA, 'd');  // after the short one a new entry begins
  put(batch, 700, kB, 'e');
  REQUIRE(batch.entries().size() == 3);
  CHECK(batch.packets() == 5);
  const TxBatch::Entry& first = batch.entries()[0];
  CHECK(first.segments() == 3);
  CHECK(first.segment_size == 1200);
  CHECK(batch.segment(first, 1)[0] == std::byte{'b'});
  CHECK(batch.segment(first, 2).size() == 700);
  CHECK(batch.bytes(first).size() == 3100);
  CHECK(batch.entries()[1].segments() == 1);
  CHECK(batch.entries()[2].destination == kB);
}

TEST_CASE("a longer payload does not join a run of shorter ones") {
  TxBatch batch;
  put(batch, 100, kA);
  put(batch, 101, kA);
  CHECK(batch.entries().size() == 2);
}

TEST_CASE("an entry stays within what the kernel segments") {
  TxBatch batch;
  for (int i = 0; i < 150; ++i) put(batch, 100, kA);
  REQUIRE(batch.entries().size() == 3);
  CHECK(batch.entries()[0].segments() == 64);
  CHECK(batch.entries()[2].segments() == 22);
  batch.clear();
  for (int i = 0; i < 60; ++i) put(batch, 1200, kA);
  REQUIRE(batch.entries().size() == 2);
  CHECK(batch.entries()[0].length <= TxBatch::kMaxEntryBytes);
}

TEST_CASE("a full batch offers no room until it is cleared") {
  TxBatch bytes(3000);
  put(bytes, 1200, kA);
  put(bytes, 1200, kA);
  CHECK(bytes.room(1200).empty());
  CHECK(bytes.room(600).size() == 600);
  bytes.clear();
  CHECK(bytes.empty());
  CHECK(bytes.room(1200).size() == 1200);

  TxBatch entries(100'000, 2);
  put(entries, 10, kA);
  put(entries, 10, kB);
  CHECK(entries.room(10).empty());
}
