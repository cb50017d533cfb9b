#include "wzp/crypto/replay_window.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "heap_watch.hpp"
#include "vector_file.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

namespace {

// The rule of the specification, with a set in place of a bitmap.
class Model {
 public:
  bool accept(std::uint16_t seq) {
    if (seen_.empty()) return take(seq);
    const auto ahead = static_cast<std::uint16_t>(seq - highest_);
    if (ahead == 0) return false;
    if (ahead <= 0x7fff) {
      for (auto it = seen_.begin(); it != seen_.end();) {
        it = static_cast<std::uint16_t>(seq - *it) >= 1024 ? seen_.erase(it) : std::next(it);
      }
      return take(seq);
    }
    const auto behind = static_cast<std::uint16_t>(highest_ - seq);
    return behind < 1024 && seen_.insert(seq).second;
  }

 private:
  bool take(std::uint16_t seq) {
    highest_ = seq;
    seen_.insert(seq);
    return true;
  }
  std::uint16_t highest_ = 0;
  std::set<std::uint16_t> seen_;
};

std::uint16_t near(SeededRng& rng, std::uint16_t at) {
  const std::uint64_t r = rng.next_u64();
  switch (r % 16) {
    case 0:
      return static_cast<std::uint16_t>(r >> 16);  // anywhere
    case 1:
      return static_cast<std::uint16_t>(at + 0x7ffe + (r >> 16) % 4);  // around half
    case 2:
      return static_cast<std::uint16_t>(at - 1022 - (r >> 16) % 4);  // around the edge
    case 3:
      return static_cast<std::uint16_t>(at + (r >> 16) % 2000);
    default:
      return static_cast<std::uint16_t>(at + 3 - (r >> 16) % 12);
  }
}

}  // namespace

TEST_CASE("the replay window decides every sequence of the vectors as stated") {
  const auto vectors = load_vectors("session.json", "anti_replay");
  REQUIRE(vectors["window"] == ReplayWindow::kBits);
  for (const auto& sequence : vectors["sequences"]) {
    ReplayWindow window;
    for (const auto& step : sequence["steps"]) {
      CAPTURE(sequence["name"].get<std::string>(), step["seq"].get<int>());
      CHECK(window.accept(step["seq"].get<std::uint16_t>()) == step["accepted"].get<bool>());
    }
  }
}

TEST_CASE("the replay window agrees with a set over 300,000 random steps") {
  SeededRng rng(67);
  ReplayWindow window;
  Model model;
  std::uint16_t at = 65000;
  int accepted = 0;
  for (int i = 0; i < 300000; ++i) {
    const std::uint16_t seq = near(rng, at);
    const bool expected = model.accept(seq);
    accepted += expected ? 1 : 0;
    if (window.would_accept(seq) != expected || window.accept(seq) != expected) {
      CAPTURE(i, at, seq, expected);
      FAIL("differs from the model");
    }
    if (expected && static_cast<std::int16_t>(seq - at) > 0) at = seq;
  }
  CHECK(accepted > 30000);
}

TEST_CASE("asking does not mark") {
  ReplayWindow window;
  for (int i = 0; i < 3; ++i) REQUIRE(window.would_accept(7));
  window.mark(7);
  CHECK_FALSE(window.would_accept(7));
  CHECK(window.would_accept(6));
}

TEST_CASE("a counter window never takes a number twice, nor one too old, and never wraps") {
  SeededRng rng(71);
  CounterWindow<64> window;
  std::set<std::uint64_t> seen;
  std::uint64_t highest = 0;
  for (int i = 0; i < 100000; ++i) {
    const std::uint64_t r = rng.next_u64();
    std::uint64_t number = highest + 40 - std::min<std::uint64_t>(highest + 40, r % 120);
    if (r % 1000 == 0) number = highest + (r >> 20);
    const bool expected =
        seen.empty() || number > highest || (highest - number < 64 && seen.count(number) == 0);
    REQUIRE(window.accept(number) == expected);
    if (expected) {
      seen.insert(number);
      highest = std::max(highest, number);
      seen.erase(seen.begin(), seen.lower_bound(highest < 64 ? 0 : highest - 64));
    }
    if (highest > std::uint64_t{1} << 62) highest = 0, seen.clear(), window = {};
  }
  window = {};
  CHECK(window.accept(~std::uint64_t{0}));
  CHECK_FALSE(window.accept(0));
}

TEST_CASE("the replay window allocates nothing") {
  const std::size_t before = allocations();
  ReplayWindow window;
  int accepted = 0;
  for (int i = 0; i < 100000; ++i) accepted += window.accept(static_cast<std::uint16_t>(i)) ? 1 : 0;
  CHECK(accepted == 100000);
  CHECK(allocations() == before);
}
