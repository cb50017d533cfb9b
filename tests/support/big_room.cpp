#include "big_room.hpp"

#include <algorithm>
#include <chrono>

#include "simulated_world.hpp"

namespace wzp::test {
namespace {

using namespace std::chrono_literals;

bool holds_all(const SimWorld& world, std::size_t people) {
  return std::all_of(world.clients.begin(),
                     world.clients.begin() + static_cast<std::ptrdiff_t>(people),
                     [&](const auto& c) {
                       const auto* session = c->call.security();
                       return session != nullptr && session->holders().size() + 1 >= people;
                     });
}

std::uint64_t keyless(const SimWorld& world) {
  std::uint64_t sum = 0;
  for (const auto& c : world.clients) sum += c->call.statistics().no_key;
  return sum;
}

std::uint64_t keep_alives(const SimWorld& world) {
  std::uint64_t sum = 0;
  for (const auto& c : world.clients) sum += c->call.statistics().keep_alives_sent;
  return sum;
}

}  // namespace

BigRoomResult rotate_big_room(std::size_t people) {
  SimWorld world;
  transport::ChannelConfig path;
  path.delay = 20ms;
  for (std::size_t i = 0; i <= people; ++i) world.add_client({}, {}, path, path).sink.keep = false;
  BigRoomResult out;
  if (!world.net.run_until([&] { return holds_all(world, people + 1); }, 30s)) return out;
  world.net.run_for(3s);
  std::vector<std::uint32_t> generations;
  for (const auto& c : world.clients) {
    generations.push_back(c->call.security()->key_in_use().generation);
  }
  const auto all_changed = [&] {
    for (std::size_t i = 0; i < people; ++i) {
      if (world.clients[i]->call.security()->key_in_use().generation == generations[i])
        return false;
    }
    return true;
  };
  const auto signals = world.relay.counters().peer_signals_forwarded;
  const Instant left_at = world.net.now();
  const auto start = std::chrono::steady_clock::now();
  world.clients.back()->hang_up();
  const bool changed = world.net.run_until(all_changed, 5s);
  out.wall_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  out.virtual_ms = std::chrono::duration<double, std::milli>(world.net.now() - left_at).count();
  out.signals = world.relay.counters().peer_signals_forwarded - signals;
  const auto lost_before = keyless(world);
  const auto sealed_before = keep_alives(world);
  world.net.run_for(6s);
  out.all_hear = changed && keyless(world) == lost_before &&
                 keep_alives(world) - sealed_before >= people && holds_all(world, people);
  return out;
}

}  // namespace wzp::test
