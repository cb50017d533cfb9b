// Output of a connection: what goes into packets, and in which order.
#include <algorithm>
#include <cstring>

#include "quic_connection.hpp"
#include "quic_settings.hpp"

namespace wzp::transport {
namespace {

// When nothing was acknowledged for this long, the path is taken for dead. Filling the window on it
// would block media after it comes back, so only a fresh datagram now and then tries it.
constexpr Duration kStalledAfter = std::chrono::milliseconds(500);
constexpr Duration kProbeEvery = std::chrono::milliseconds(50);
constexpr std::size_t kProbeDatagrams = 8;

}  // namespace

bool QuicConnection::is_stalled(Instant now) const noexcept {
  return datagrams_under_way_ != 0 &&
         now - progress_at_ > std::max(kStalledAfter, 2 * smoothed_rtt_);
}

void QuicConnection::shed_datagrams(Instant now) {
  hold_datagrams_ = false;
  probing_ = false;
  if (outbox_.empty()) return;
  std::size_t dropped = outbox_.drop_aged(now);
  if (is_stalled(now)) {
    dropped += outbox_.keep_newest(kProbeDatagrams);
    hold_datagrams_ = now < probe_at_;
    probing_ = !hold_datagrams_;
    if (probing_) probe_at_ = now + kProbeEvery;
  }
  stats_.datagrams_dropped_aged += dropped;
  shared_.counters.datagrams_dropped_aged += dropped;
}

bool QuicConnection::write(TxBatch& batch, Instant now) {
  now_ = now;
  dirty_ = false;
  urgent_ = false;
  if (!conn_) return write_closing(batch);
  shed_datagrams(now);
  for (;;) {
    Packet packet{batch.room(shared_.config.max_udp_payload), 0, to_ngtcp2(now)};
    if (packet.room.empty()) {
      dirty_ = true;
      return false;
    }
    const Step step = fill_packet(packet);
    if (step == Step::kFailed) return write_closing(batch);
    if (step != Step::kPacket) break;
    commit(batch, packet.size);
  }
  if (unanswered_since_ != kNever && now - unanswered_since_ >= ack_part_) {
    unanswered_since_ = kNever;
  }
  if (lingering_ && outgoing_.empty()) close(close_code_, std::string(close_reason_), now);
  if (state_ == State::kClosed) {
    finish_close(now);
    return write_closing(batch);
  }
  touch(now);
  return true;
}

bool QuicConnection::Packet::may_take(StreamId stream) const noexcept {
  if (stream == StreamId{}) return true;
  const auto end = streams.begin() + static_cast<std::ptrdiff_t>(stream_count);
  return stream_count < streams.size() && std::find(streams.begin(), end, stream) == end;
}

void QuicConnection::Packet::note(StreamId stream) noexcept {
  if (stream != StreamId{} && stream_count < streams.size()) streams[stream_count++] = stream;
}

// Datagrams first, then messages, as many as fit; acknowledgements and the rest come by themselves.
QuicConnection::Step QuicConnection::fill_packet(Packet& packet) {
  start_messages();
  while (!hold_datagrams_ && !outbox_.empty() && packet.may_take(outbox_.front_stream())) {
    const Step step = add_datagram(packet);
    if (step == Step::kBlocked) {
      hold_datagrams_ = true;
      break;
    }
    if (step == Step::kPacket && probing_) hold_datagrams_ = true;
    if (step != Step::kMore) return step;
  }
  while (const std::optional<OutgoingMessages::Chunk> chunk = outgoing_.next_chunk()) {
    const Step step = add_message(*chunk, packet);
    if (step == Step::kBlocked) break;
    if (step != Step::kMore) return step;
  }
  if (probing_ && outbox_.empty()) hold_datagrams_ = true;
  return finish_packet(packet);
}

QuicConnection::Step QuicConnection::add_datagram(Packet& packet) {
  const ByteView bytes = outbox_.front().bytes();
  const ngtcp2_vec vec{const_cast<std::uint8_t*>(as_uchars(bytes.data())), bytes.size()};
  int accepted = 0;
  const ngtcp2_ssize n = ngtcp2_conn_writev_datagram(
      conn_.get(), &write_path_.path, nullptr, as_uchars(packet.room.data()), packet.room.size(),
      &accepted, NGTCP2_WRITE_DATAGRAM_FLAG_MORE, 0, &vec, bytes.empty() ? 0 : 1, packet.ts);
  if (accepted != 0) {
    if (datagrams_under_way_++ == 0) progress_at_ = now_;
    ++stats_.datagrams_out;
    packet.note(outbox_.front_stream());
    outbox_.pop_front();
  }
  if (n == NGTCP2_ERR_WRITE_MORE) return Step::kMore;
  if (n > 0) {
    packet.size = static_cast<std::size_t>(n);
    return Step::kPacket;
  }
  if (n == 0) return Step::kBlocked;
  if (n == NGTCP2_ERR_INVALID_STATE || n == NGTCP2_ERR_INVALID_ARGUMENT) {
    outbox_.pop_front();  // the peer takes none, or none of this size
    return Step::kMore;
  }
  fail(static_cast<int>(n), now_);
  return Step::kFailed;
}

// Streams are opened between packets: not while one is being put together.
void QuicConnection::start_messages() {
  while (connected_ && outgoing_.wants_stream()) {
    std::int64_t stream = 0;
    if (ngtcp2_conn_open_bidi_stream(conn_.get(), &stream, nullptr) != 0) return;
    outgoing_.start_next(stream);
  }
}

QuicConnection::Step QuicConnection::add_message(const OutgoingMessages::Chunk& chunk,
                                                 Packet& packet) {
  const ngtcp2_vec vec{const_cast<std::uint8_t*>(as_uchars(chunk.bytes.data())),
                       chunk.bytes.size()};
  ngtcp2_ssize taken = -1;
  const ngtcp2_ssize n = ngtcp2_conn_writev_stream(
      conn_.get(), &write_path_.path, nullptr, as_uchars(packet.room.data()), packet.room.size(),
      &taken, NGTCP2_WRITE_STREAM_FLAG_MORE | NGTCP2_WRITE_STREAM_FLAG_FIN, chunk.stream, &vec, 1,
      packet.ts);
  if (taken >= 0) {
    const auto bytes = static_cast<std::size_t>(taken);
    outgoing_.on_written(chunk.stream, bytes, bytes == chunk.bytes.size());
  }
  switch (n) {
    case NGTCP2_ERR_WRITE_MORE:
      return Step::kMore;
    case NGTCP2_ERR_STREAM_DATA_BLOCKED:
      outgoing_.on_blocked(chunk.stream);
      return Step::kMore;
    case NGTCP2_ERR_STREAM_NOT_FOUND:
    case NGTCP2_ERR_STREAM_SHUT_WR:
      outgoing_.on_stream_closed(chunk.stream);
      return Step::kMore;
    case 0:
      return Step::kBlocked;
    default:
      break;
  }
  if (n < 0) {
    fail(static_cast<int>(n), now_);
    return Step::kFailed;
  }
  packet.size = static_cast<std::size_t>(n);
  return Step::kPacket;
}

QuicConnection::Step QuicConnection::finish_packet(Packet& packet) {
  const ngtcp2_ssize n =
      ngtcp2_conn_write_pkt(conn_.get(), &write_path_.path, nullptr, as_uchars(packet.room.data()),
                            packet.room.size(), packet.ts);
  if (n < 0) {
    fail(static_cast<int>(n), now_);
    return Step::kFailed;
  }
  packet.size = static_cast<std::size_t>(n);
  return n > 0 ? Step::kPacket : Step::kBlocked;
}

void QuicConnection::commit(TxBatch& batch, std::size_t size) {
  const ngtcp2_addr& to = write_path_.path.remote;
  const bool usual =
      to.addrlen == remote_size_ && std::memcmp(to.addr, &remote_raw_, to.addrlen) == 0;
  batch.commit(size, usual ? remote_ : from_sockaddr(to.addr), local_);
  ++stats_.packets_out;
  stats_.bytes_out += size;
  ++shared_.counters.packets_out;
  shared_.counters.bytes_out += size;
}

}  // namespace wzp::transport
