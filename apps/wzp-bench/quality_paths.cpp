#include "quality_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wzp::bench {
namespace {

using namespace std::chrono_literals;

constexpr Duration kOneWay = 50ms;
constexpr Duration kJitter = 10ms;  // uniform, 0 to this
constexpr Duration kMeanJitter = 2500us;
constexpr Duration kStartOfLoss = 0ms;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

Duration from_seconds(double s) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

QualityPath base(std::string name) {
  QualityPath path;
  path.name = std::move(name);
  path.channel.delay = kOneWay;
  path.channel.jitter = kJitter;
  return path;
}

QualityPath independent(int percent) {
  QualityPath path = base(percent == 0 ? "clean" : fmt::format("iid {} %", percent));
  path.channel.loss_rate = percent / 100.0;
  path.loss_percent = percent;
  path.is_independent = true;
  return path;
}

QualityPath packet_bursts(double mean, int percent) {
  QualityPath path = base(fmt::format("bursts of {:g} packets, {} %", mean, percent));
  path.channel.bursts = transport::GilbertElliott{percent / 100.0, mean, 1.0};
  path.loss_percent = percent;
  path.mean_burst_packets = mean;
  return path;
}

QualityPath time_bursts(int ms, int percent) {
  QualityPath path = base(fmt::format("bursts of {} ms, {} %", ms, percent));
  path.mean_burst = std::chrono::milliseconds(ms);
  path.bursts = TimeBursts{percent / 100.0, path.mean_burst};
  path.loss_percent = percent;
  return path;
}

QualityPath outages() {
  QualityPath path = base("240 ms out each 5 s");
  path.channel.outage_period = 5s;
  path.channel.outage_length = 240ms;
  path.loss_percent = 4.8;
  path.mean_burst = 240ms;
  return path;
}

QualityPath lte(double per_minute) {
  QualityPath path = base(fmt::format("LTE, {:g} stalls a minute", per_minute));
  path.stalls = Stalls{per_minute, 200ms, 1500ms};
  return path;
}

}  // namespace

client::PathEstimate QualityPath::estimate(Duration packet_interval) const {
  client::PathEstimate e;
  e.loss_percent = loss_percent;
  e.packet_interval = packet_interval;
  e.rtt = 2 * kOneWay;
  e.jitter = kMeanJitter;
  e.mean_burst_packets = mean_burst_packets;
  if (mean_burst > Duration(0)) {
    // The chance that the next packet is lost too, if good and bad times are exponential.
    const double p = loss_percent / 100.0;
    const double bad = seconds(mean_burst);
    const double rate = 1 / bad + p / (1 - p) / bad;
    const double again = p + (1 - p) * std::exp(-rate * seconds(packet_interval));
    e.mean_burst_packets = 1 / (1 - again);
  }
  return e;
}

std::vector<QualityPath> all_quality_paths() {
  std::vector<QualityPath> paths;
  for (const int percent : {0, 5, 10, 20, 30, 40}) paths.push_back(independent(percent));
  paths.push_back(packet_bursts(3, 10));
  paths.push_back(packet_bursts(3, 20));
  paths.push_back(packet_bursts(6, 20));
  paths.push_back(time_bursts(60, 20));
  paths.push_back(outages());
  paths.push_back(lte(2));
  paths.push_back(lte(10));
  return paths;
}

namespace {

transport::ChannelConfig seeded(transport::ChannelConfig config, std::uint64_t seed) {
  config.seed = seed;
  return config;
}

}  // namespace

PathChannel::PathChannel(const QualityPath& path, std::uint64_t seed)
    : path_(path), channel_(seeded(path.channel, seed)), rng_(seed * 7919 + 1) {
  burst_.end = Instant(kStartOfLoss);
  stall_.end = Instant(kStartOfLoss);
}

Duration PathChannel::exponential(double mean_seconds) {
  return from_seconds(-mean_seconds * std::log(1.0 - rng_.next_unit()));
}

void PathChannel::advance_bursts(Instant now) {
  const double bad = seconds(path_.bursts->mean_length);
  const double good = bad * (1 - path_.bursts->loss_rate) / path_.bursts->loss_rate;
  while (burst_.end <= now) {
    burst_.begin = burst_.end + exponential(good);
    burst_.end = burst_.begin + exponential(bad);
  }
}

void PathChannel::advance_stalls(Instant now) {
  while (stall_.end <= now) {
    stall_.begin = stall_.end + exponential(60.0 / path_.stalls->per_minute);
    const double shortest = seconds(path_.stalls->shortest);
    const double longest = seconds(path_.stalls->longest);
    stall_.end = stall_.begin + from_seconds(shortest + (longest - shortest) * rng_.next_unit());
  }
}

bool PathChannel::push(ByteView bytes, Instant now) {
  if (path_.bursts) {
    advance_bursts(now);
    if (now >= burst_.begin) return false;
  }
  if (path_.stalls) {
    advance_stalls(now);
    if (now >= stall_.begin) now = stall_.end;
  }
  return channel_.push(bytes, now) == transport::Fate::kDelivered;
}

}  // namespace wzp::bench
