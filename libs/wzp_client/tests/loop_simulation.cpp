#include "loop_simulation.hpp"

#include <algorithm>

#include "wzp/proto/media_feedback.hpp"

namespace wzp::test {
namespace {

using namespace std::chrono_literals;

constexpr proto::SenderKey kMe{0x01020304};
constexpr proto::SenderKey kListener{0x0a0b0c0d};
constexpr std::uint64_t kMediaTag = std::uint64_t{1} << 63;
constexpr Instant kStart{1h};
constexpr Duration kStep = 10ms;
constexpr int kListenerTalksEvery = 6;  // steps: packets of 60 ms

double in_ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

/// Everything that the parts of one run share.
struct Loop {
  Loop(const LoopPath& p, LoopMedia& m, const client::MediaControlOptions& options)
      : path(p), media(m), config(p.forward), forward(p.forward), back(p.back), control(options) {
    if (path.tcp) tcp.emplace(*path.tcp, path.back.delay);
  }

  void send(Instant now) {
    for (const LoopMedia::Packet& packet : media.advance(control.plan(), now)) {
      ++result.sent;
      control.on_sent(packet.seq);
      std::vector<std::byte> framed(6);
      ByteWriter writer(framed);
      writer.u16(packet.seq.value());
      writer.u32(packet.media_end.value());
      framed.insert(framed.end(), packet.bytes.begin(), packet.bytes.end());
      const auto fate = forward.push(framed, now, kMediaTag);
      if (fate != transport::Fate::kDelivered) ++result.lost;
    }
    if (!tcp) return;
    static const std::vector<std::byte> segment(TcpFlow::kSegmentBytes);
    for (int burst = 0; burst < 64; ++burst) {
      const auto number = tcp->poll(now);
      if (!number) break;
      forward.push(segment, now, *number);
    }
  }

  void receive(Instant now) {
    if (path.stalled && path.stalled(in_ms(now - kStart) / 1000)) {
      stalled_until = now;
      return;
    }
    while (const auto packet = forward.pop_due(now)) {
      if (packet->tag != kMediaTag) {
        tcp->on_arrival(packet->tag, packet->due_at);
        continue;
      }
      const Instant arrival = packet->due_at < stalled_until ? now : packet->due_at;
      queue_ms = queue_of(*packet);
      ByteReader reader(packet->bytes);
      const SeqNo16 seq(reader.u16());
      const MediaTime32 end(reader.u32());
      reporter.on_packet(kMe, seq, end, packet->bytes.size() - 6, arrival);
      media.on_number(seq);
      media.on_arrival(reader.rest(), arrival);
    }
  }

  /// What the packet waited for others; its own time on the wire and jitter are not counted.
  [[nodiscard]] double queue_of(const transport::Channel::Packet& packet) const {
    double ms = in_ms(packet.due_at - packet.pushed_at - config.delay - config.jitter);
    if (config.rate_bits_per_second > 0) {
      const double bits = 8.0 * static_cast<double>(packet.bytes.size() + kLoopOverhead);
      ms -= 1000 * bits / static_cast<double>(config.rate_bits_per_second);
    }
    return std::max(ms, 0.0);
  }

  void report(bool riding, Instant now) {
    const auto feedback = reporter.poll(riding, 200, now);
    if (!feedback) return;
    std::array<std::byte, 300> room;
    const auto size = proto::write_media_feedback(*feedback, room);
    result.feedback_bytes += *size;
    ++result.reports;
    back.push(ByteView(room).first(*size), now);
  }

  void take_reports(Instant now) {
    while (const auto packet = back.pop_due(now)) {
      control.on_feedback(kListener, *proto::parse_media_feedback(packet->bytes), kMe, now);
    }
    transport::ConnectionStats stats;
    stats.smoothed_rtt = path.rtt_known;
    control.on_transport(stats, now);
    control.update(now);
  }

  void sample(double at, Instant now) {
    const auto state = control.state(now);
    result.samples.push_back({at, queue_ms, control.plan(), state.path.available_kbps,
                              state.is_draining, state.is_competing});
  }

  const LoopPath& path;
  LoopMedia& media;
  transport::ChannelConfig config;
  transport::Channel forward;
  transport::Channel back;
  client::MediaControl control;
  client::FeedbackReporter reporter;
  std::optional<TcpFlow> tcp;
  double queue_ms = 0;
  Instant stalled_until{};
  LoopResult result;
};

}  // namespace

std::vector<LoopMedia::Packet> PlainLoopMedia::advance(const client::MediaPlan& plan, Instant now) {
  if (!start_) {
    start_ = now;
    next_ = now + plan.packet_time();
  }
  std::vector<Packet> out;
  if (now < next_) return out;
  const double bytes = client::wire_kbps(plan) * in_ms(plan.packet_time()) / 8;
  Packet packet;
  // The loop's own six bytes stand for some of them.
  packet.bytes.resize(static_cast<std::size_t>(bytes) - kLoopOverhead - 6);
  packet.seq = SeqNo16(seq_++);
  packet.media_end = MediaTime32(static_cast<std::uint32_t>(in_ms(next_ - *start_)));
  out.push_back(std::move(packet));
  next_ += plan.packet_time();
  return out;
}

LoopResult run_loop(const LoopPath& path, LoopMedia& media, double seconds,
                    const client::MediaControlOptions& options) {
  Loop loop(path, media, options);
  const auto steps = static_cast<int>(seconds * 100);
  for (int i = 0; i < steps; ++i) {
    const Instant now = kStart + i * kStep;
    if (path.change && i % 10 == 0) path.change(loop.forward, loop.config, i * 0.01);
    loop.send(now);
    loop.receive(now);
    if (i % 2 == 0) media.play(now);
    const bool talks = i % kListenerTalksEvery == 0;
    if (talks) loop.report(true, now);
    loop.take_reports(now);
    if (i % 10 == 0) loop.sample(i * 0.01, now);
  }
  loop.result.shape_changes = loop.control.state(kStart + steps * kStep).shape_changes;
  if (loop.tcp) {
    loop.result.tcp_kbps = static_cast<double>(loop.tcp->segments_acknowledged()) *
                           TcpFlow::kSegmentBytes * 8 / 1000 / seconds;
  }
  return std::move(loop.result);
}

}  // namespace wzp::test
