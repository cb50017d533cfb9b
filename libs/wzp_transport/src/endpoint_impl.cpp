#include "endpoint_impl.hpp"

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>
#include <stdexcept>

#include "quic_settings.hpp"

namespace wzp::transport {
namespace {

// Nothing that QUIC peers of ours send is longer: we advertise 1472.
constexpr std::size_t kMaxPayload = 2048;

// An IP address as server name is never sent (RFC 6066), nor is an empty name.
bool is_ip_address(std::string_view name) {
  std::string v4(name);
  v4.append(":0");
  std::string v6("[");
  v6.append(name).append("]:0");
  return SocketAddress::parse(v4).has_value() || SocketAddress::parse(v6).has_value();
}

}  // namespace

Endpoint::Impl::Impl(const EndpointConfig& config, TlsContext tls, Rng& rng)
    : state((check_config(config), config), rng), replies_(state) {
  set_tls(std::move(tls));
}

void Endpoint::Impl::set_tls(TlsContext tls) {
  if (tls.role() == TlsContext::Role::kServer && state.config.connection_id.length == 0) {
    throw std::invalid_argument("EndpointConfig: a server needs connection ids");
  }
  (tls.role() == TlsContext::Role::kServer ? server_tls_ : client_tls_) = std::move(tls);
}

// -- Slots
// -----------------------------------------------------------------------------------------

ConnectionHandle Endpoint::Impl::claim_slot() {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
    generations_.push_back(0);
  }
  const std::uint32_t slot = free_slots_.back();
  return {slot, generations_[slot] + 1};  // taken for good by install()
}

QuicConnection& Endpoint::Impl::install(std::unique_ptr<QuicConnection> connection) {
  const ConnectionHandle handle = connection->handle();
  free_slots_.pop_back();
  generations_[handle.slot] = handle.generation;
  slots_[handle.slot] = std::move(connection);
  QuicConnection& installed = *slots_[handle.slot];
  count(installed, +1);
  return installed;
}

void Endpoint::Impl::bury(QuicConnection& connection) {
  const std::uint32_t slot = connection.handle().slot;
  wheel_.cancel(slot);
  if (const auto it = by_remote_.find(connection.remote());
      it != by_remote_.end() && it->second == slot) {
    by_remote_.erase(it);
  }
  slots_[slot].reset();
  free_slots_.push_back(slot);
}

void Endpoint::Impl::count(const QuicConnection& connection, int step) noexcept {
  if (connection.is_open()) open += static_cast<std::size_t>(step);
  if (connection.is_half_open() && connection.is_server()) {
    half_open += static_cast<std::size_t>(step);
  }
}

QuicConnection* Endpoint::Impl::find(ConnectionHandle handle) const noexcept {
  if (handle.slot >= slots_.size() || generations_[handle.slot] != handle.generation) {
    return nullptr;
  }
  QuicConnection* connection = slots_[handle.slot].get();
  return connection != nullptr && connection->is_open() ? connection : nullptr;
}

std::vector<ConnectionHandle> Endpoint::Impl::open_handles() const {
  std::vector<ConnectionHandle> handles;
  for (const auto& connection : slots_) {
    if (connection && connection->is_open()) handles.push_back(connection->handle());
  }
  return handles;
}

void Endpoint::Impl::settle(QuicConnection& connection, Instant now) {
  if (connection.is_dead() && !connection.in_dirty_list) {
    bury(connection);
    return;
  }
  const std::uint32_t slot = connection.handle().slot;
  if (connection.is_dirty() && !connection.in_dirty_list) {
    connection.in_dirty_list = true;
    dirty_.push_back(slot);
  }
  if (connection.deadline() != connection.wheel_deadline) {
    connection.wheel_deadline = connection.deadline();
    wheel_.set(slot, connection.wheel_deadline, now);
  }
}

void Endpoint::Impl::hold(QuicConnection& connection, Instant until) {
  if (connection.is_held || connection.in_dirty_list) return;
  connection.is_held = true;
  held_.push_back(connection.handle().slot);
  held_until_ = std::min(held_until_, until);
}

void Endpoint::Impl::release_held(Instant now) {
  if (now < held_until_) return;
  held_until_ = kNever;
  for (const std::uint32_t slot : held_) {
    QuicConnection* connection = slots_[slot].get();
    if (connection == nullptr || !connection->is_held) continue;
    connection->is_held = false;
    connection->mark_dirty();
    settle(*connection, now);
  }
  held_.clear();
}

// -- Connections
// -----------------------------------------------------------------------------------

Result<ConnectionHandle> Endpoint::Impl::connect(const SocketAddress& remote,
                                                 std::string_view server_name, Instant now) {
  last_now_ = now;
  if (!client_tls_) return Unexpected(Errc::kNoTlsContext);
  if (remote.family() == SocketAddress::Family::kNone || remote.port() == 0) {
    return Unexpected(Errc::kAddressInvalid);
  }
  if (open >= state.config.max_connections) return Unexpected(Errc::kTooManyConnections);
  if (server_name.size() > 253) return Unexpected(Errc::kInvalidServerName);
  const bool by_address = state.config.connection_id.length == 0;
  if (by_address) {  // one that is closing gives its place up
    const auto it = by_remote_.find(remote);
    if (it != by_remote_.end() && slots_[it->second]->is_open()) {
      return Unexpected(Errc::kAlreadyConnected);
    }
  }
  std::string sni(is_ip_address(server_name) ? std::string_view() : server_name);
  auto connection =
      QuicConnection::connect(state, claim_slot(), *client_tls_, {}, remote, std::move(sni), now);
  if (!connection) return Unexpected(Errc::kInvalidServerName);
  QuicConnection& installed = install(std::move(connection));
  if (by_address) by_remote_[remote] = installed.handle().slot;
  settle(installed, now);
  return installed.handle();
}

QuicConnection* Endpoint::Impl::find_for(const Packet& packet, const Cid& cid) const {
  if (const auto slot = state.cids.find(cid)) return slots_[*slot].get();
  if (by_remote_.empty()) return nullptr;
  const auto it = by_remote_.find(packet.from);
  return it == by_remote_.end() ? nullptr : slots_[it->second].get();
}

void Endpoint::Impl::deliver(QuicConnection& connection, const Packet& packet) {
  count(connection, -1);
  connection.receive(packet.from, packet.to, packet.bytes, packet.now);
  count(connection, +1);
  settle(connection, packet.now);
}

void Endpoint::Impl::receive(const SocketAddress& from, const SocketAddress& to, ByteView payload,
                             Instant now) {
  last_now_ = now;
  ++state.counters.packets_in;
  state.counters.bytes_in += payload.size();
  if (payload.empty() || payload.size() > kMaxPayload ||
      from.family() == SocketAddress::Family::kNone) {
    ++state.counters.packets_malformed;
    return;
  }
  const Packet packet{from, to, payload, now};
  const bool is_long = (std::to_integer<unsigned>(payload[0]) & 0x80U) != 0;
  is_long ? receive_long(packet) : receive_short(packet);
}

void Endpoint::Impl::receive_short(const Packet& packet) {
  const std::size_t id_size = state.config.connection_id.length;
  if (packet.bytes.size() <= id_size) {
    ++state.counters.packets_malformed;
    return;
  }
  const Cid cid = Cid::from(packet.bytes.subspan(1, id_size));
  if (QuicConnection* connection = find_for(packet, cid)) {
    deliver(*connection, packet);
    return;
  }
  ++state.counters.packets_unknown;
  if (server_tls_ && id_size != 0) {
    replies_.stateless_reset({packet.from, packet.to, packet.bytes.size(), packet.now}, cid);
  }
}

void Endpoint::Impl::receive_long(const Packet& packet) {
  ngtcp2_version_cid header{};
  const int rv =
      ngtcp2_pkt_decode_version_cid(&header, as_uchars(packet.bytes.data()), packet.bytes.size(),
                                    state.config.connection_id.length);
  if (rv != 0 && rv != NGTCP2_ERR_VERSION_NEGOTIATION) {
    ++state.counters.packets_malformed;
    return;
  }
  if (header.dcidlen <= NGTCP2_MAX_CIDLEN) {
    const Cid cid = Cid::from(std::as_bytes(std::span(header.dcid, header.dcidlen)));
    if (QuicConnection* connection = find_for(packet, cid)) {
      deliver(*connection, packet);
      return;
    }
  }
  if (rv == NGTCP2_ERR_VERSION_NEGOTIATION && server_tls_) {
    replies_.version_negotiation({packet.from, packet.to, packet.bytes.size(), packet.now}, header);
    return;
  }
  server_tls_ ? accept(packet) : void(++state.counters.packets_unknown);
}

// Decides about the first packet of an unknown client; may answer it without keeping state.
bool Endpoint::Impl::admits(const StatelessReplies::Request& request, const ngtcp2_pkt_hd& header,
                            std::optional<ngtcp2_cid>& original_dcid) {
  if (half_open >= state.config.max_half_open) {
    ++state.counters.initials_dropped;
    return false;
  }
  if (open >= state.config.max_connections) {
    ++state.counters.refused;
    replies_.refuse(request, header, NGTCP2_CONNECTION_REFUSED);
    return false;
  }
  if (StatelessReplies::looks_like_retry_token(header)) {
    original_dcid = replies_.verify_token(request, header);
    if (original_dcid) return true;
    replies_.refuse(request, header, NGTCP2_INVALID_TOKEN);
    return false;
  }
  if (half_open < state.config.retry.half_open_limit) return true;
  if (!replies_.retry(request, header, state.config.connection_id.shard))
    ++state.counters.initials_dropped;
  return false;
}

void Endpoint::Impl::accept(const Packet& packet) {
  ngtcp2_pkt_hd header{};
  if (ngtcp2_accept(&header, as_uchars(packet.bytes.data()), packet.bytes.size()) != 0) {
    const bool short_initial = packet.bytes.size() < NGTCP2_MAX_UDP_PAYLOAD_SIZE;
    ++(short_initial ? state.counters.initials_too_short : state.counters.packets_unknown);
    return;
  }
  std::optional<ngtcp2_cid> original_dcid;
  const StatelessReplies::Request request{packet.from, packet.to, packet.bytes.size(), packet.now};
  if (!admits(request, header, original_dcid)) return;
  const QuicConnection::Accept first{&header, original_dcid ? &*original_dcid : nullptr};
  auto connection = QuicConnection::accept(state, claim_slot(), *server_tls_, packet.to,
                                           packet.from, first, packet.now);
  if (!connection) {
    ++state.counters.initials_dropped;
    return;
  }
  const ConnectionHandle fresh = connection->handle();
  deliver(install(std::move(connection)), packet);
  if (shard_of_) send_on_if_misplaced(fresh, request, header, original_dcid.has_value());
}

void Endpoint::Impl::send_on_if_misplaced(ConnectionHandle fresh,
                                          const StatelessReplies::Request& request,
                                          const ngtcp2_pkt_hd& header, bool has_proved_address) {
  QuicConnection* connection = find(fresh);
  const auto name = connection != nullptr ? connection->requested_server_name() : std::nullopt;
  if (!name) return;
  const std::uint8_t shard = shard_of_(*name);
  if (shard == state.config.connection_id.shard) return;
  count(*connection, -1);
  connection->abandon();
  settle(*connection, request.now);
  if (has_proved_address) {
    ++state.counters.refused_misplaced;
    replies_.refuse(request, header, NGTCP2_CONNECTION_REFUSED);
  } else if (replies_.retry(request, header, shard)) {
    ++state.counters.sent_on;
  }
}

// -- Time and output
// -------------------------------------------------------------------------------

void Endpoint::Impl::handle_deadline(Instant now) {
  last_now_ = now;
  release_held(now);
  due_.clear();
  wheel_.advance(now, due_);
  for (const std::uint32_t slot : due_) {
    QuicConnection* connection = slots_[slot].get();
    if (connection == nullptr) continue;
    connection->wheel_deadline = kNever;
    count(*connection, -1);
    if (connection->deadline() <= now) connection->on_deadline(now);
    count(*connection, +1);
    settle(*connection, now);
  }
}

bool Endpoint::Impl::flush(TxBatch& batch, Instant now) {
  last_now_ = now;
  release_held(now);
  bool room = replies_.empty() || replies_.write(batch);
  written_.clear();
  for (const std::uint32_t slot : dirty_) {
    if (!room) break;
    QuicConnection& connection = *slots_[slot];
    count(connection, -1);
    room = connection.write(batch, now);
    count(connection, +1);
    if (room) written_.push_back(slot);
  }
  dirty_.erase(dirty_.begin(), dirty_.begin() + static_cast<std::ptrdiff_t>(written_.size()));
  for (const std::uint32_t slot : written_) {
    slots_[slot]->in_dirty_list = false;
    settle(*slots_[slot], now);  // may bury it, or put it into the list anew
  }
  return !room;
}

Instant Endpoint::Impl::next_deadline() const {
  if (!state.events.empty()) return last_now_;
  return std::min(wheel_.next(), held_until_);
}

}  // namespace wzp::transport
