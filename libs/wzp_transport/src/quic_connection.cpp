// Construction, input and time of a connection.
#include "quic_connection.hpp"

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>

#include "quic_callbacks.hpp"
#include "quic_settings.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::transport {

// -- Construction
// ----------------------------------------------------------------------------------

QuicConnection::QuicConnection(EndpointState& shared, ConnectionHandle handle,
                               const TlsContext& tls, const SocketAddress& local,
                               const SocketAddress& remote, bool is_server, std::string server_name,
                               Instant now)
    : shared_(shared),
      handle_(handle),
      tls_context_(tls),
      is_server_(is_server),
      server_name_(std::move(server_name)),
      now_(now),
      outbox_(shared.config.outbox),
      incoming_(is_server ? 0 : 1,
                {shared.config.max_message_bytes, shared.config.max_buffered_message_bytes}),
      outgoing_({shared.config.max_message_bytes, shared.config.max_queued_message_bytes,
                 shared.config.max_message_bytes_in_flight}) {
  set_remote(remote);
  set_local(local);
  ngtcp2_path_storage_zero(&write_path_);
  ref_.get_conn = [](ngtcp2_crypto_conn_ref* ref) {
    return static_cast<QuicConnection*>(ref->user_data)->conn_.get();
  };
  ref_.user_data = this;
}

QuicConnection::~QuicConnection() {
  for (const Cid& cid : cids_) shared_.cids.erase(cid);
}

std::unique_ptr<QuicConnection> QuicConnection::accept(
    EndpointState& shared, ConnectionHandle handle, const TlsContext& tls,
    const SocketAddress& local, const SocketAddress& remote, const Accept& first, Instant now) {
  std::unique_ptr<QuicConnection> c(
      new QuicConnection(shared, handle, tls, local, remote, true, {}, now));
  if (!c->init_server(first, now)) return nullptr;
  return c;
}

std::unique_ptr<QuicConnection> QuicConnection::connect(
    EndpointState& shared, ConnectionHandle handle, const TlsContext& tls,
    const SocketAddress& local, const SocketAddress& remote, std::string server_name, Instant now) {
  std::unique_ptr<QuicConnection> c(
      new QuicConnection(shared, handle, tls, local, remote, false, std::move(server_name), now));
  if (!c->init_client(now)) return nullptr;
  c->reported_ = true;
  c->dirty_ = true;
  return c;
}

bool QuicConnection::init_server(const Accept& first, Instant now) {
  const ngtcp2_pkt_hd& header = *first.header;
  const Cid own = shared_.issue_cid(handle_.slot);
  cids_.push_back(own);
  // Until the client has seen our id it goes on using the one it made up.
  const Cid made_up = Cid::from(header.dcid);
  if (!shared_.cids.insert(made_up, handle_.slot)) return false;
  cids_.push_back(made_up);

  ngtcp2_settings settings = make_settings(shared_.config, *shared_.rng, now);
  ngtcp2_transport_params params = make_transport_params(shared_.config);
  params.original_dcid = first.original_dcid != nullptr ? *first.original_dcid : header.dcid;
  params.original_dcid_present = 1;
  if (first.original_dcid != nullptr) {
    params.retry_scid = header.dcid;
    params.retry_scid_present = 1;
    settings.token = header.token;
    settings.tokenlen = header.tokenlen;
    settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
  }
  params.stateless_reset_token_present = 1;
  shared_.stateless_reset_token(own, params.stateless_reset_token);

  const ngtcp2_cid scid = own.to_ngtcp2();
  const ngtcp2_path p = path();
  ngtcp2_conn* conn = nullptr;
  if (ngtcp2_conn_server_new(&conn, &header.scid, &scid, &p, header.version, &quic_callbacks(true),
                             &settings, &params, nullptr, this) != 0) {
    return false;
  }
  conn_.reset(conn);
  return init_tls();
}

bool QuicConnection::init_client(Instant now) {
  ngtcp2_cid scid{};
  if (shared_.config.connection_id.length != 0) {
    const Cid own = shared_.issue_cid(handle_.slot);
    cids_.push_back(own);
    scid = own.to_ngtcp2();
  }
  ngtcp2_cid dcid{};
  dcid.datalen = 16;
  shared_.rng->fill(std::as_writable_bytes(std::span(dcid.data, dcid.datalen)));
  const ngtcp2_settings settings = make_settings(shared_.config, *shared_.rng, now);
  const ngtcp2_transport_params params = make_transport_params(shared_.config);
  const ngtcp2_path p = path();
  ngtcp2_conn* conn = nullptr;
  if (ngtcp2_conn_client_new(&conn, &dcid, &scid, &p, NGTCP2_PROTO_VER_V1, &quic_callbacks(false),
                             &settings, &params, nullptr, this) != 0) {
    return false;
  }
  conn_.reset(conn);
  return init_tls();
}

bool QuicConnection::init_tls() {
  tls_ = TlsSession::make(tls_context_.impl(), ref_, server_name_);
  if (!tls_) return false;
  ngtcp2_conn_set_tls_native_handle(conn_.get(), tls_->native_handle());
  if (shared_.config.keep_alive.count() > 0) {
    ngtcp2_conn_set_keep_alive_timeout(conn_.get(), to_ngtcp2(shared_.config.keep_alive));
  }
  deadline_ = from_ngtcp2(ngtcp2_conn_get_expiry(conn_.get()));
  return true;
}

void QuicConnection::set_remote(const SocketAddress& remote) noexcept {
  remote_ = remote;
  remote_size_ = to_sockaddr(remote, remote_raw_);
}

// Without a known local address ngtcp2 gets the unspecified one, always the same.
void QuicConnection::set_local(const SocketAddress& local) noexcept {
  local_ = local;
  const bool v6 = remote_.family() == SocketAddress::Family::kIpv6;
  const SocketAddress any = v6 ? SocketAddress::ipv6({}, 0) : SocketAddress::ipv4({}, 0);
  local_size_ =
      to_sockaddr(local.family() == SocketAddress::Family::kNone ? any : local, local_raw_);
}

ngtcp2_path QuicConnection::path() noexcept {
  return {{reinterpret_cast<ngtcp2_sockaddr*>(&local_raw_), local_size_},
          {reinterpret_cast<ngtcp2_sockaddr*>(&remote_raw_), remote_size_},
          nullptr};
}

// -- Input
// -----------------------------------------------------------------------------------------

void QuicConnection::receive(const SocketAddress& from, const SocketAddress& to, ByteView payload,
                             Instant now) {
  now_ = now;
  ++stats_.packets_in;
  stats_.bytes_in += payload.size();
  if (!conn_) {
    repeat_close();
    return;
  }
  // A client names its local address itself (migrate()); a server takes what the socket says.
  const bool new_path = from != remote_ || (is_server_ && to != local_);
  sockaddr_storage from_raw;
  sockaddr_storage to_raw;
  ngtcp2_path p = path();
  if (new_path) {
    p.remote = {reinterpret_cast<ngtcp2_sockaddr*>(&from_raw), to_sockaddr(from, from_raw)};
    if (is_server_ && to.family() != SocketAddress::Family::kNone) {
      p.local = {reinterpret_cast<ngtcp2_sockaddr*>(&to_raw), to_sockaddr(to, to_raw)};
    }
  }
  const ngtcp2_pkt_info info{};
  const int error = ngtcp2_conn_read_pkt(conn_.get(), &p, &info, as_uchars(payload.data()),
                                         payload.size(), to_ngtcp2(now));
  if (new_path && error == 0) {
    urgent_ = true;
    const ngtcp2_path* current = ngtcp2_conn_get_path(conn_.get());
    set_remote(from_sockaddr(current->remote.addr));
    if (is_server_ && local_.family() != SocketAddress::Family::kNone) {
      set_local(from_sockaddr(current->local.addr));
    }
  }
  after_read(error, now);
}

void QuicConnection::after_read(int error, Instant now) {
  deliver_messages();
  if (error != 0) {
    fail(error, now);
    return;
  }
  if (limit_broken_ == IncomingMessages::Verdict::kTooLong) {
    close_for_limit("message of " + std::to_string(incoming_.refused_length()) +
                        " bytes announced, limit " +
                        std::to_string(shared_.config.max_message_bytes),
                    now);
    return;
  }
  if (limit_broken_ == IncomingMessages::Verdict::kBufferFull) {
    close_for_limit("more than " + std::to_string(shared_.config.max_buffered_message_bytes) +
                        " bytes of unfinished messages",
                    now);
    return;
  }
  free_tls_if_done();
  if (unanswered_since_ == kNever) unanswered_since_ = now;
  if (wants_write_after_read()) {
    outgoing_.clear_blocked();
    dirty_ = true;
  }
  touch(now);
}

// Acknowledgements alone are no reason to write: they wait for a packet to travel with.
bool QuicConnection::wants_write_after_read() const noexcept {
  return urgent_ || !confirmed_ || lingering_ || !outbox_.empty() || outgoing_.has_unsent();
}

void QuicConnection::deliver_messages() {
  while (std::optional<std::vector<std::byte>> message = incoming_.pop()) {
    if (!is_open()) continue;
    ++stats_.messages_in;
    shared_.events.push(MessageReceived{handle_, std::move(*message)});
  }
  if (const std::size_t credit = incoming_.take_head_credit(); credit != 0) {
    ngtcp2_conn_extend_max_stream_offset(conn_.get(), incoming_.head(), credit);
  }
  const IncomingMessages::Irregular irregular = incoming_.take_irregular();
  shared_.counters.messages_truncated += irregular.truncated;
  shared_.counters.messages_with_excess += irregular.with_excess;
}

void QuicConnection::free_tls_if_done() {
  if (!confirmed_ || !tls_ || !shared_.config.free_tls_after_handshake) return;
  tls_.reset();
  ngtcp2_conn_set_tls_native_handle(conn_.get(), nullptr);
}

// -- Time
// ------------------------------------------------------------------------------------------

// An active connection looks at its real expiry once per coarse timer, not after every packet.
void QuicConnection::touch(Instant now) {
  if (!conn_) return;
  deadline_ = confirmed_
                  ? std::min(deadline_, now + shared_.config.coarse_timer)
                  : std::min(from_ngtcp2(ngtcp2_conn_get_expiry(conn_.get())), own_deadline());
}

// Limits that ngtcp2 knows nothing of.
Instant QuicConnection::own_deadline() const noexcept {
  const std::optional<Instant> waiting = incoming_.waiting_since();
  return std::min(close_at_, waiting ? *waiting + shared_.config.message_timeout : kNever);
}

Instant QuicConnection::ack_due() const noexcept {
  return unanswered_since_ == kNever
             ? kNever
             : unanswered_since_ + shared_.config.max_ack_delay - std::chrono::milliseconds(5);
}

bool QuicConnection::may_hold_acks(Instant now) const noexcept {
  return confirmed_ && !dirty_ && unanswered_since_ != kNever &&
         now + std::chrono::milliseconds(1) < ack_due();
}

void QuicConnection::on_deadline(Instant now) {
  now_ = now;
  if (!conn_) {
    if (now >= close_at_) die();
    return;
  }
  if (lingering_ && now >= close_at_) {
    close(close_code_, std::string(close_reason_), now);
    return;
  }
  if (time_limit_broken(now)) return;
  expire(now);
}

bool QuicConnection::time_limit_broken(Instant now) {
  const std::optional<Instant> waiting = incoming_.waiting_since();
  if (!waiting || now - *waiting < shared_.config.message_timeout) return false;
  close_for_limit("a message made no progress for " +
                      std::to_string(shared_.config.message_timeout.count()) + " ms",
                  now);
  return true;
}

void QuicConnection::note_rtt() {
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(conn_.get(), &info);
  smoothed_rtt_ = Duration(static_cast<std::int64_t>(info.smoothed_rtt));
  ack_part_ = std::min<Duration>(smoothed_rtt_ / 8, shared_.config.max_ack_delay);
}

void QuicConnection::expire(Instant now) {
  note_rtt();
  const Instant expiry = from_ngtcp2(ngtcp2_conn_get_expiry(conn_.get()));
  if (expiry > now) {
    // Frames that ngtcp2 has no timer for leave together with the acknowledgement.
    if (!outbox_.empty() || ack_due() <= now) dirty_ = true;
    deadline_ =
        std::min({expiry, own_deadline(), dirty_ ? now + shared_.config.coarse_timer : ack_due()});
    return;
  }
  if (may_hold_acks(now)) {
    deadline_ = std::min(ack_due(), own_deadline());
    return;
  }
  const int error = ngtcp2_conn_handle_expiry(conn_.get(), to_ngtcp2(now));
  if (error != 0) {
    fail(error, now);
    return;
  }
  deadline_ = std::min(now + shared_.config.coarse_timer, own_deadline());
  dirty_ = true;
}

// -- User
// ------------------------------------------------------------------------------------------

SendResult QuicConnection::send_datagram(FrameRef frame, Instant now, StreamId stream) {
  if (!is_open() || !connected_ || lingering_) return SendResult::kNotConnected;
  if (frame.size() > max_datagram_size_) {
    return max_datagram_size_ == 0 ? SendResult::kUnsupported : SendResult::kTooLarge;
  }
  if (outbox_.push(std::move(frame), now, stream) == 0) return SendResult::kQueued;
  ++stats_.datagrams_dropped_full;
  ++shared_.counters.datagrams_dropped_full;
  return SendResult::kQueuedOldestDropped;
}

void QuicConnection::mark_dirty() noexcept {
  if (!outbox_.empty()) dirty_ = true;
}

Result<void> QuicConnection::send_message(ByteView bytes) {
  if (!is_open() || lingering_) return Unexpected(Errc::kShuttingDown);
  Result<void> queued = outgoing_.push(bytes);
  if (queued && connected_) dirty_ = true;
  return queued;
}

std::optional<std::string> QuicConnection::requested_server_name() const {
  if (!is_server_ || !hello_read_ || !tls_) return std::nullopt;
  std::string name = tls_->server_name();
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name.empty() ? "default" : name;
}

Result<void> QuicConnection::migrate(const SocketAddress& local, Instant now) {
  if (!is_open() || !confirmed_ || is_server_) return Unexpected(Errc::kMigrationFailed);
  const SocketAddress before = local_;
  set_local(local);
  const ngtcp2_path p = path();
  if (ngtcp2_conn_initiate_immediate_migration(conn_.get(), &p, to_ngtcp2(now)) != 0) {
    set_local(before);
    return Unexpected(Errc::kMigrationFailed);
  }
  dirty_ = true;
  return {};
}

Result<void> QuicConnection::update_keys(Instant now) {
  if (!is_open() || !confirmed_ ||
      ngtcp2_conn_initiate_key_update(conn_.get(), to_ngtcp2(now)) != 0) {
    return Unexpected(Errc::kKeyUpdateNotPossible);
  }
  return {};
}

ConnectionStats QuicConnection::stats() const {
  ConnectionStats s = stats_;
  s.remote = remote_;
  s.connected = connected_;
  s.max_datagram_size = max_datagram_size_;
  s.datagrams_queued = outbox_.size();
  s.messages_out = outgoing_.delivered();
  s.messages_queued = outgoing_.queued();
  s.message_bytes_queued = outgoing_.queued_bytes();
  s.message_bytes_buffered = incoming_.buffered_bytes();
  if (!conn_) return s;
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(conn_.get(), &info);
  const auto duration = [](ngtcp2_duration d) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min<ngtcp2_duration>(
        d, static_cast<ngtcp2_duration>(std::chrono::nanoseconds::max().count()))));
  };
  const bool sampled = info.min_rtt != UINT64_MAX;
  s.smoothed_rtt = sampled ? duration(info.smoothed_rtt) : std::chrono::nanoseconds(0);
  s.latest_rtt = sampled ? duration(info.latest_rtt) : std::chrono::nanoseconds(0);
  s.min_rtt = sampled ? duration(info.min_rtt) : std::chrono::nanoseconds(0);
  s.congestion_window = info.cwnd;
  s.bytes_in_flight = info.bytes_in_flight;
  return s;
}

}  // namespace wzp::transport
