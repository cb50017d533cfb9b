#include "wzp/transport/endpoint.hpp"

#include "endpoint_impl.hpp"
#include "exporter.hpp"

namespace wzp::transport {

Endpoint::Endpoint(const EndpointConfig& config, TlsContext tls, Rng& rng)
    : impl_(std::make_unique<Impl>(config, std::move(tls), rng)) {}
Endpoint::~Endpoint() = default;
Endpoint::Endpoint(Endpoint&&) noexcept = default;
Endpoint& Endpoint::operator=(Endpoint&&) noexcept = default;

void Endpoint::set_tls(TlsContext tls) { impl_->set_tls(std::move(tls)); }

Result<ConnectionHandle> Endpoint::connect(const SocketAddress& remote,
                                           std::string_view server_name, Instant now) {
  return impl_->connect(remote, server_name, now);
}

void Endpoint::receive(const SocketAddress& from, const SocketAddress& to, ByteView udp_payload,
                       Instant now) {
  impl_->receive(from, to, udp_payload, now);
}

void Endpoint::handle_deadline(Instant now) { impl_->handle_deadline(now); }

std::optional<Event> Endpoint::poll_event() { return impl_->state.events.pop(); }

SendResult Endpoint::send_datagram(ConnectionHandle connection, ByteView bytes, Instant now,
                                   StreamId stream) {
  QuicConnection* c = impl_->find(connection);
  if (c == nullptr) return SendResult::kNotConnected;
  if (bytes.size() > c->max_datagram_size() && c->max_datagram_size() != 0) {
    return SendResult::kTooLarge;
  }
  FrameRef frame = impl_->state.frames.copy(bytes);
  if (!frame) return SendResult::kNoMemory;
  const SendResult result = c->send_datagram(std::move(frame), now, stream);
  c->mark_dirty();
  impl_->settle(*c, now);
  return result;
}

SendResult Endpoint::send_datagram(ConnectionHandle connection, const FrameRef& frame, Instant now,
                                   StreamId stream, Duration may_wait) {
  QuicConnection* c = impl_->find(connection);
  if (c == nullptr) return SendResult::kNotConnected;
  if (!frame) return SendResult::kNoMemory;
  const SendResult result = c->send_datagram(frame, now, stream);
  if (may_wait > Duration{0}) {
    impl_->hold(*c, now + may_wait);
  } else {
    c->mark_dirty();
    impl_->settle(*c, now);
  }
  return result;
}

FrameRef Endpoint::make_frame(ByteView bytes) noexcept { return impl_->state.frames.copy(bytes); }

Result<void> Endpoint::send_message(ConnectionHandle connection, ByteView bytes, Instant now) {
  QuicConnection* c = impl_->find(connection);
  if (c == nullptr) return Unexpected(Errc::kUnknownConnection);
  Result<void> result = c->send_message(bytes);
  impl_->settle(*c, now);
  return result;
}

void Endpoint::close(ConnectionHandle connection, std::uint64_t code, std::string_view reason,
                     Instant now) {
  impl_->change(connection, now, [&](QuicConnection& c) { c.close(code, reason, now); });
}

void Endpoint::close_after_delivery(ConnectionHandle connection, std::uint64_t code,
                                    std::string_view reason, Duration linger, Instant now) {
  impl_->change(connection, now,
                [&](QuicConnection& c) { c.close_after_delivery(code, reason, linger, now); });
}

void Endpoint::close_all(std::uint64_t code, std::string_view reason, Instant now) {
  for (const ConnectionHandle handle : impl_->open_handles()) close(handle, code, reason, now);
}

void Endpoint::set_shard_of(ShardOf shard_of) { impl_->set_shard_of(std::move(shard_of)); }

bool Endpoint::flush(TxBatch& batch, Instant now) { return impl_->flush(batch, now); }

Instant Endpoint::next_deadline() const { return impl_->next_deadline(); }

bool Endpoint::is_open(ConnectionHandle connection) const noexcept {
  return impl_->find(connection) != nullptr;
}
std::size_t Endpoint::connection_count() const noexcept { return impl_->open; }
std::size_t Endpoint::half_open_count() const noexcept { return impl_->half_open; }

ConnectionStats Endpoint::stats(ConnectionHandle connection) const {
  const QuicConnection* c = impl_->find(connection);
  return c == nullptr ? ConnectionStats{} : c->stats();
}

const EndpointCounters& Endpoint::counters() const noexcept { return impl_->state.counters; }

std::size_t Endpoint::max_datagram_size(ConnectionHandle connection) const noexcept {
  const QuicConnection* c = impl_->find(connection);
  return c == nullptr ? 0 : c->max_datagram_size();
}

Result<std::vector<std::byte>> Endpoint::export_keying_material(ConnectionHandle connection,
                                                                std::string_view label,
                                                                ByteView context,
                                                                std::size_t size) const {
  const QuicConnection* c = impl_->find(connection);
  if (c == nullptr) return Unexpected(Errc::kUnknownConnection);
  const ExporterSecret* secret = c->exporter_secret();
  if (secret == nullptr || secret->size == 0) return Unexpected(Errc::kExporterUnavailable);
  return transport::export_keying_material(*secret, label, context, size);
}

Result<void> Endpoint::migrate(ConnectionHandle connection, const SocketAddress& local,
                               Instant now) {
  Result<void> result = Unexpected(Errc::kUnknownConnection);
  impl_->change(connection, now, [&](QuicConnection& c) { result = c.migrate(local, now); });
  return result;
}

Result<void> Endpoint::update_keys(ConnectionHandle connection, Instant now) {
  Result<void> result = Unexpected(Errc::kUnknownConnection);
  impl_->change(connection, now, [&](QuicConnection& c) { result = c.update_keys(now); });
  return result;
}

}  // namespace wzp::transport
