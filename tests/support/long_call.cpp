#include "long_call.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <optional>

namespace wzp::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTickSamples = client::kSamplesPerTick;

}  // namespace

PacketTape::PacketTape(const std::vector<std::int16_t>& speech,
                       const client::CallEncoderOptions& options) {
  client::CallEncoder encoder(options);
  const auto keep = [&](std::span<const client::EncodedPacket> packets) {
    auto& tick = ticks_.emplace_back();
    for (const auto& packet : packets) {
      tick.emplace_back(packet.bytes.begin(), packet.bytes.end());
      const auto header = proto::parse_media_packet(packet.bytes)->header;
      ++packets_;
      if (!header.is_repair && header.codec != proto::CodecId::kComfortNoise) {
        frames_ += static_cast<std::uint64_t>(options.profile.frame_duration() / 20ms);
      }
    }
  };
  const std::size_t whole = speech.size() / kTickSamples;
  for (std::size_t i = 0; i + 1 < whole; ++i) {
    keep(encoder.push(std::span(speech).subspan(i * kTickSamples, kTickSamples)));
  }
  // The last tick completes what was begun, so that the next round begins with a block of its own.
  auto last = encoder.push(std::span(speech).subspan((whole - 1) * kTickSamples, kTickSamples));
  keep(last);
  for (const auto& packet : encoder.finish()) {
    ticks_.back().emplace_back(packet.bytes.begin(), packet.bytes.end());
    ++packets_;
  }
  std::optional<BlockId8> last_block;
  for (const auto& tick : ticks_) {
    for (const auto& bytes : tick) {
      const auto header = proto::parse_media_packet(bytes)->header;
      if (!last_block || header.fec_block != *last_block) {
        last_block = header.fec_block;
        ++blocks_;
      }
    }
  }
}

void PacketTape::packets_of(std::uint64_t tick, std::uint16_t seq, std::uint32_t time,
                            const std::function<void(const proto::MediaPacketView&)>& take) const {
  const std::uint64_t round = tick / ticks_.size();
  for (const auto& bytes : ticks_[tick % ticks_.size()]) {
    proto::MediaPacketView packet = *proto::parse_media_packet(bytes);
    packet.header.seq = packet.header.seq + seq + static_cast<std::int64_t>(round * packets_);
    packet.header.timestamp =
        packet.header.timestamp + time + static_cast<std::int64_t>(round * ticks_.size() * 20);
    packet.header.fec_block = packet.header.fec_block + static_cast<std::int64_t>(round * blocks_);
    take(packet);
  }
}

LongCallResult run_long_call(const PacketTape& tape, const LongCallOptions& options) {
  transport::Channel channel(options.path);
  client::CallDecoder decoder;
  LongCallResult result;
  const Instant start{1h};
  const double tick_ns = 20e6 / (1 + options.sender_ppm * 1e-6);
  const auto listener_ticks = static_cast<std::uint64_t>(options.length / 20ms);
  std::uint64_t sent = 0;
  std::uint64_t since_start = 0;
  std::uint16_t seq = options.first_seq;
  std::uint32_t time = options.first_time;
  std::array<std::int16_t, kTickSamples> pcm;
  std::array<std::byte, 1500> room;
  double delay_sum = 0;
  for (std::uint64_t i = 1; i <= listener_ticks; ++i) {
    const Instant now = start + i * 20ms;
    for (;; ++sent, ++since_start) {
      const Instant at =
          start + Duration(static_cast<std::int64_t>(tick_ns * static_cast<double>(sent)));
      if (at >= now) break;
      if (options.restart_every > 0s && since_start * 20ms >= options.restart_every) {
        since_start = 0;
        seq = static_cast<std::uint16_t>(seq + 12'345);
        time += 987'654'321;
      }
      tape.packets_of(since_start, seq, time, [&](const proto::MediaPacketView& packet) {
        const auto size = proto::write_media_packet(packet, room);
        channel.push(std::span(room).first(*size), at);
        const bool speech =
            !packet.header.is_repair && packet.header.codec != proto::CodecId::kComfortNoise;
        if (speech) ++result.frames_sent;
      });
    }
    while (const auto packet = channel.pop_due(now)) {
      decoder.handle_packet(*proto::parse_media_packet(packet->bytes), packet->due_at);
    }
    decoder.play(pcm, now);
    delay_sum += std::chrono::duration<double, std::milli>(decoder.buffer_delay()).count();
    if (i % 3000 == 0) {
      result.delay_ms.push_back(delay_sum / 3000);
      result.resident_kb.push_back(resident_kb());
      delay_sum = 0;
    }
  }
  result.receive = decoder.statistics();
  return result;
}

long resident_kb() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  long total = 0;
  long resident = 0;
  const int read = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * (sysconf(_SC_PAGESIZE) / 1024) : 0;
}

}  // namespace wzp::test
