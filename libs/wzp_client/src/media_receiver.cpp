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
  if (proto::classify_datagram(packet) == proto::DatagramKind::kMedia2) {
    on_media2(stream, packet, now);
    return;
  }
  const auto opened = security_->open(stream, packet, now);
  if (!opened) return;
  if (opened->is_keep_alive) {
    streams_.note_number(stream, opened->packet.header.seq);
  } else {
    deliver(stream, opened->packet, now);
  }
}

void MediaReceiver::on_media2(StreamId stream, ByteView packet, Instant now) {
  const auto opened = security_->open_media2(stream, packet, now);
  if (!opened) return;
  const SeqNo16 seq = opened->header.seq;
  if (opened->header.control) {
    const auto sections = proto::parse_media2_control(opened->payload);
    if (!sections) {
      ++malformed_;
      return;
    }
    streams_.note_number(stream, seq);
    if (loop_ != nullptr) loop_->on_control(stream, seq, packet.size(), now);
    on_sections(stream, *sections, now);
    return;
  }
  const auto payload = proto::parse_media2_payload(opened->payload);
  if (!payload) {
    ++malformed_;
  } else if (!streams_.deliver_media2(stream, seq, *payload, now)) {
    ++refused_;
  } else {
    if (loop_ != nullptr) loop_->on_media2(stream, seq, *payload, packet.size(), now);
    on_sections(stream, payload->sections, now);
  }
}

void MediaReceiver::on_sections(StreamId stream, proto::Media2Sections sections, Instant now) {
  if (loop_ == nullptr) return;
  while (const auto section = sections.next()) {
    if (section->type == proto::Media2Sections::kFeedback) {
      loop_->on_feedback(stream, section->value, now);
    }
  }
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
  if (!streams_.deliver(stream, packet, now)) {
    ++refused_;
  } else if (loop_ != nullptr) {
    loop_->on_packet(stream, packet, now);
  }
}

void MediaReceiver::add_to(CallStatistics& out) const {
  out.datagrams_malformed += malformed_;
  out.packets_of_unknown_streams += refused_;
}

}  // namespace wzp::client
