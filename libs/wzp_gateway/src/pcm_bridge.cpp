#include "pcm_bridge.hpp"

#include <array>
#include <utility>

#include "wzp/proto/datagram.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::gateway {
namespace {

constexpr std::chrono::milliseconds kMostAhead{200};
constexpr std::chrono::milliseconds kMostBehind{300};
constexpr std::chrono::milliseconds kPause{200};  // without a frame: the browser sends nothing
constexpr std::chrono::seconds kForgetStream{60};

std::int16_t sample_at(ByteView pcm, std::size_t index) {
  const auto low = std::to_integer<unsigned>(pcm[2 * index]);
  const auto high = std::to_integer<unsigned>(pcm[2 * index + 1]);
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(low | high << 8U));
}

void write_sample(MutableBytes out, std::size_t index, std::int16_t sample) {
  const auto bits = static_cast<std::uint16_t>(sample);
  out[2 * index] = static_cast<std::byte>(bits & 0xffU);
  out[2 * index + 1] = static_cast<std::byte>(bits >> 8U);
}

}  // namespace

PcmBridge::PcmBridge(Send send) : send_(std::move(send)), encoder_(proto::kProfileGood) {}

// -- Up ------------------------------------------------------------------------------------------

Duration PcmBridge::ahead(Instant now) const {
  return static_cast<std::int64_t>(frames_) * Duration(client::kTick) - (now - began_);
}

void PcmBridge::push_frame(ByteView pcm, Instant now) {
  if (pcm.size() < kFrameBytes) {
    ++counters_.frames_short;
    return;
  }
  if (!std::exchange(has_begun_, true)) began_ = now;
  last_frame_ = now;
  if (ahead(now) > kMostAhead) {
    ++counters_.frames_too_fast;
    return;
  }
  // A browser whose clock is slow: its time is the stream's time.
  if (ahead(now) < -kMostBehind) began_ += client::kTick;
  std::array<std::int16_t, client::kSamplesPerTick> samples{};
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = sample_at(pcm, i);
  ++counters_.frames_up;
  encode(samples);
}

void PcmBridge::tick(Instant now) {
  if (!has_begun_ || now - last_frame_ < kPause) return;
  constexpr std::array<std::int16_t, client::kSamplesPerTick> kSilence{};
  while (ahead(now) < Duration{0}) {
    ++counters_.frames_filled;
    encode(kSilence);
  }
}

void PcmBridge::encode(client::PcmView samples) {
  ++frames_;
  for (const client::EncodedPacket& packet : encoder_.push(samples)) send_(packet.bytes);
}

// -- Down ----------------------------------------------------------------------------------------

bool PcmBridge::handle_datagram(ByteView datagram, Instant now) {
  const auto trunk = proto::parse_trunk_datagram(datagram);
  if (!trunk) {
    ++counters_.packets_malformed;
    return false;
  }
  bool used = false;
  for (const proto::TrunkEntry& entry : *trunk) used |= deliver(entry.stream, entry.payload, now);
  return used;
}

bool PcmBridge::deliver(StreamId from, ByteView bytes, Instant now) {
  const auto packet = proto::parse_media_packet(bytes);
  if (!packet) {
    ++counters_.packets_malformed;
    return false;
  }
  auto found = streams_.find(from);
  if (found == streams_.end()) {
    if (streams_.size() >= kMaxStreams) {
      ++counters_.packets_over_limit;
      return false;
    }
    found = streams_.try_emplace(from).first;
  }
  found->second.last_packet = now;
  found->second.decoder.handle_packet(*packet, now);
  return true;
}

void PcmBridge::handle_room(const proto::RoomUpdate& update) {
  for (const StreamId left : update.left) {
    if (const auto found = streams_.find(left); found != streams_.end()) {
      found->second.decoder.end_of_stream();
    }
  }
}

bool PcmBridge::play(MutableBytes out, Instant now) {
  std::array<std::int16_t, client::kSamplesPerTick> samples{};
  bool is_heard = false;
  for (auto stream = streams_.begin(); stream != streams_.end();) {
    const auto origin = stream->second.decoder.play(samples, now);
    if (origin != client::PlayoutOrigin::kNothing) {
      mixer_.add(samples);
      is_heard = true;
    }
    const bool is_stale = now - stream->second.last_packet > kForgetStream;
    if (stream->second.decoder.is_finished() || is_stale) {
      retire(stream->second);
      stream = streams_.erase(stream);
    } else {
      ++stream;
    }
  }
  mixer_.finish(samples);
  // The limiter holds back 2 ms: one frame more than there is sound.
  if (!std::exchange(was_heard_, is_heard) && !is_heard) return false;
  ++counters_.frames_down;
  for (std::size_t i = 0; i < samples.size(); ++i) write_sample(out, i, samples[i]);
  return true;
}

// -- Numbers -------------------------------------------------------------------------------------

void PcmBridge::retire(const Stream& stream) {
  const auto statistics = stream.decoder.statistics();
  counters_.underruns += statistics.frames_concealed;
  counters_.overruns += statistics.frames_late + statistics.frames_discarded;
}

PcmBridgeCounters PcmBridge::counters() const {
  PcmBridgeCounters out = counters_;
  for (const auto& [id, stream] : streams_) {
    const auto statistics = stream.decoder.statistics();
    out.underruns += statistics.frames_concealed;
    out.overruns += statistics.frames_late + statistics.frames_discarded;
  }
  return out;
}

std::uint64_t PcmBridge::buffer_depth() const {
  Duration most{0};
  for (const auto& [id, stream] : streams_) {
    most = std::max(most, stream.decoder.buffer_delay());
  }
  return static_cast<std::uint64_t>(most / client::kTick);
}

}  // namespace wzp::gateway
