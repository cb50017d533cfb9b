#include "wzp/client/call_statistics.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace wzp::client {

void DelayHistogram::add(Duration delay) noexcept {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(delay).count();
  const auto bin = std::clamp<std::int64_t>(ms, 0, kBins);
  ++bins_[static_cast<std::size_t>(bin)];
  ++count_;
}

void DelayHistogram::merge(const DelayHistogram& other) noexcept {
  for (std::size_t i = 0; i < bins_.size(); ++i) bins_[i] += other.bins_[i];
  count_ += other.count_;
}

double DelayHistogram::quantile(double share) const noexcept {
  if (count_ == 0) return 0.0;
  const double wanted = share * static_cast<double>(count_);
  double seen = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    seen += bins_[i];
    if (seen >= wanted) return static_cast<double>(i);
  }
  return static_cast<double>(kBins);
}

void ReceiveStatistics::add(const ReceiveStatistics& o) noexcept {
  frames_received += o.frames_received;
  frames_recovered += o.frames_recovered;
  frames_concealed += o.frames_concealed;
  frames_comfort += o.frames_comfort;
  frames_played += o.frames_played;
  frames_late += o.frames_late;
  frames_duplicate += o.frames_duplicate;
  frames_discarded += o.frames_discarded;
  samples_inserted += o.samples_inserted;
  samples_removed += o.samples_removed;
  packets_received += o.packets_received;
  repair_packets_received += o.repair_packets_received;
  packets_reordered += o.packets_reordered;
  packets_undecodable += o.packets_undecodable;
  blocks_recovered += o.blocks_recovered;
  delay.merge(o.delay);
}

namespace {

class FlatJson {
 public:
  void add(std::string_view name, std::uint64_t value) { member(name, std::to_string(value)); }
  void add(std::string_view name, double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", value);
    member(name, text);
  }
  [[nodiscard]] std::string finish() && { return "{\n" + body_ + "\n}\n"; }

 private:
  void member(std::string_view name, std::string_view value) {
    if (!body_.empty()) body_ += ",\n";
    body_ += "  \"";
    body_ += name;
    body_ += "\": ";
    body_ += value;
  }
  std::string body_;
};

}  // namespace

std::string CallStatistics::to_json() const {
  FlatJson json;
  json.add("frames_sent", frames_sent);
  json.add("frames_received", receive.frames_received);
  json.add("frames_recovered", receive.frames_recovered);
  json.add("frames_concealed", receive.frames_concealed);
  json.add("frames_comfort", receive.frames_comfort);
  json.add("frames_late", receive.frames_late);
  json.add("frames_played", receive.frames_played);
  json.add("frames_duplicate", receive.frames_duplicate);
  json.add("frames_discarded", receive.frames_discarded);
  json.add("samples_inserted", receive.samples_inserted);
  json.add("samples_removed", receive.samples_removed);
  json.add("packets_sent", packets_sent);
  json.add("packets_received", receive.packets_received);
  json.add("repair_packets_sent", repair_packets_sent);
  json.add("repair_packets_received", receive.repair_packets_received);
  json.add("packets_not_sent", packets_not_sent);
  json.add("packets_reordered", receive.packets_reordered);
  json.add("packets_undecodable", receive.packets_undecodable);
  json.add("packets_of_unknown_streams", packets_of_unknown_streams);
  json.add("clear_refused", clear_refused);
  json.add("no_key", no_key);
  json.add("replayed", replayed);
  json.add("auth_failed", auth_failed);
  json.add("unencrypted_refused", unencrypted_refused);
  json.add("clear_packets_sent", clear_packets_sent);
  json.add("packets_unheard", packets_unheard);
  json.add("keep_alives_sent", keep_alives_sent);
  json.add("key_changes", key_changes);
  json.add("datagrams_malformed", datagrams_malformed);
  json.add("signals_malformed", signals_malformed);
  json.add("signals_unknown", signals_unknown);
  json.add("fec_blocks_recovered", receive.blocks_recovered);
  json.add("remote_streams", remote_streams);
  json.add("delay_ms_p50", receive.delay.quantile(0.5));
  json.add("delay_ms_p95", receive.delay.quantile(0.95));
  json.add("rtt_ms", rtt_ms);
  json.add("wire_kbps_tx", wire_kbps_tx);
  json.add("wire_kbps_rx", wire_kbps_rx);
  json.add("connected_seconds", connected_seconds);
  json.add("capture_started_ms", capture_started_ms);
  json.add("playout_started_ms", playout_started_ms);
  return std::move(json).finish();
}

}  // namespace wzp::client
