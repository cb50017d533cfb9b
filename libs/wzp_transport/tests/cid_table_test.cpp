#include "../src/cid_table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <map>

#include "wzp/proto/rng.hpp"

using namespace wzp;
using namespace wzp::transport;

namespace {

Cid random_cid(SeededRng& rng) {
  std::array<std::byte, 20> raw{};
  rng.fill(raw);
  return Cid::from(std::span(raw).first(1 + rng.next_u64() % 20));
}

}  // namespace

TEST_CASE("a connection id names at most one connection") {
  CidTable table(7);
  const std::array<std::byte, 6> raw{};
  const Cid cid = Cid::from(raw);
  CHECK_FALSE(table.find(cid));
  CHECK(table.insert(cid, 3));
  CHECK_FALSE(table.insert(cid, 4));
  CHECK(table.find(cid) == 3U);
  CHECK_FALSE(table.find(Cid::from(std::span(raw).first(5))));
  table.erase(cid);
  table.erase(cid);
  CHECK_FALSE(table.find(cid));
  CHECK(table.size() == 0);
  CHECK_FALSE(table.insert(Cid(), 1));
}

TEST_CASE("random use agrees with a map") {
  SeededRng rng(5);
  CidTable table(rng.next_u64());
  std::map<std::string, std::uint32_t> model;
  std::vector<Cid> all;
  const auto key = [](const Cid& c) {
    return std::string(reinterpret_cast<const char*>(c.bytes.data()), c.size);
  };
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    if (all.empty() || rng.next_u64() % 3 != 0) {
      const Cid cid = random_cid(rng);
      CHECK(table.insert(cid, i) == model.emplace(key(cid), i).second);
      all.push_back(cid);
    } else {
      const std::size_t victim = rng.next_u64() % all.size();
      table.erase(all[victim]);
      model.erase(key(all[victim]));
      all[victim] = all.back();
      all.pop_back();
    }
  }
  CHECK(table.size() == model.size());
  for (const Cid& cid : all) {
    const auto it = model.find(key(cid));
    const auto found = table.find(cid);
    REQUIRE(found.has_value() == (it != model.end()));
    if (found) CHECK(*found == it->second);
  }
}
