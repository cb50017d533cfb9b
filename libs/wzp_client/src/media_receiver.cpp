#include "media_receiver.hpp"

#include "wzp/proto/datagram.hpp"

namespace wzp::client {
namespace {

// Streams of a relay that names none start here, out of the way of real ids in statistics.
constexpr std::uint16_t kFirstLegacyStream = 0xff00;

/// A trunk frame from a reference relay, which announces nothing: recognised by its structure.
bool looks_like_trunk(ByteView datagram) {
  const auto frame = proto::TrunkFrameView::parse(datagram);
  if (!frame || frame->size() < 1 || frame->size() > 10) return false;
  std::size_t size = proto::kTrunkFrameOverhead;
  for (const proto::TrunkEntry& entry : *frame) {
    if (!proto::parse_media_packet(entry.payload)) return false;
    size += proto::kTrunkEntryOverhead + entry.payload.size();
  }
  return size == datagram.size();
}

}  // namespace

void MediaReceiver::handle_datagram(ByteView datagram, Instant now) {
  if (relay_names_streams_) {
    on_trunk(proto::parse_trunk_datagram(datagram), now);
  } else if (looks_like_trunk(datagram)) {
    on_trunk(proto::TrunkFrameView::parse(datagram), now);
  } else {
    on_plain_packet(datagram, now);
  }
}

void MediaReceiver::on_trunk(const proto::Result<proto::TrunkFrameView>& frame, Instant now) {
  if (!frame) {
    ++malformed_;
    return;
  }
  for (const proto::TrunkEntry& entry : *frame) on_entry(entry.stream, entry.payload, now);
}

void MediaReceiver::on_entry(StreamId stream, ByteView packet, Instant now) {
  if (security_ == nullptr) {
    const auto plain = proto::parse_media_packet(packet);
    if (plain) {
      deliver(stream, *plain, now);
    } else {
      ++malformed_;
    }
    return;
  }
  const auto opened = security_->open(stream, packet, now);
  if (opened && !opened->is_keep_alive) deliver(stream, opened->packet, now);
}

void MediaReceiver::on_plain_packet(ByteView datagram, Instant now) {
  const auto packet = proto::parse_media_packet(datagram);
  if (!packet) {
    ++malformed_;
    return;
  }
  const auto sender = legacy_senders_.classify(packet->header, now);
  const StreamId stream{static_cast<std::uint16_t>(kFirstLegacyStream + sender.index)};
  if (sender.is_new) streams_.retire(stream);
  on_entry(stream, datagram, now);
}

void MediaReceiver::deliver(StreamId stream, const proto::MediaPacketView& packet, Instant now) {
  if (!streams_.deliver(stream, packet, now)) ++refused_;
}

void MediaReceiver::add_to(CallStatistics& out) const {
  out.datagrams_malformed += malformed_;
  out.packets_of_unknown_streams += refused_;
}

}  // namespace wzp::client
