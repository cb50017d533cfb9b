#include "../src/sequence_window.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::proto;
using Outcome = SequenceWindow::Outcome;

TEST_CASE("the sequence window agrees with a set over random numbers, through the wrap") {
  SeededRng rng(5);
  SequenceWindow window;
  std::set<std::int64_t> seen;
  std::int64_t newest = 65'000;
  window.mark(SeqNo16(static_cast<std::uint16_t>(newest)));
  seen.insert(newest);
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t n = newest + static_cast<std::int64_t>(rng.next_u64() % 1500) - 1400;
    const Outcome outcome = window.mark(SeqNo16(static_cast<std::uint16_t>(n)));
    if (n > newest) {
      REQUIRE(outcome == Outcome::kNewest);
      newest = n;
    } else if (newest - n >= SequenceWindow::kSize) {
      REQUIRE(outcome == Outcome::kTooOld);
      continue;
    } else {
      REQUIRE(outcome == (seen.count(n) != 0 ? Outcome::kSeen : Outcome::kOlder));
    }
    seen.insert(n);
  }
}

TEST_CASE("missing numbers are those between two that were not seen") {
  SequenceWindow window;
  for (const int n : {65534, 65535, 1, 4}) window.mark(SeqNo16(static_cast<std::uint16_t>(n)));
  CHECK(window.missing_between(SeqNo16(65535), SeqNo16(1)) == 1);
  CHECK(window.missing_between(SeqNo16(65534), SeqNo16(4)) == 3);
  CHECK(window.missing_between(SeqNo16(4), SeqNo16(65534)) == 0);
  CHECK(window.missing_between(SeqNo16(1), SeqNo16(1)) == 0);
  window.mark(SeqNo16(2));
  CHECK(window.missing_between(SeqNo16(1), SeqNo16(4)) == 1);
}
