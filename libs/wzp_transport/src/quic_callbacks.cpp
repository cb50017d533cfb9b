// Callbacks only record: they neither write, read nor delete the connection.
#include "quic_callbacks.hpp"

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>

#include "quic_connection.hpp"
#include "quic_settings.hpp"

namespace wzp::transport {

struct Callbacks {
  static QuicConnection& self(void* user) { return *static_cast<QuicConnection*>(user); }

  // -- TLS
  // ------------------------------------------------------------------------------------------
  static int recv_crypto_data(ngtcp2_conn* conn, ngtcp2_encryption_level level,
                              std::uint64_t offset, const std::uint8_t* data, std::size_t size,
                              void* user) {
    QuicConnection& c = self(user);
    if (c.tls_) return ngtcp2_crypto_recv_crypto_data_cb(conn, level, offset, data, size, user);
    // The session is gone. A server may still send tickets, which nobody wants; a client nothing.
    constexpr std::uint64_t kEnoughTickets = 65'536;
    return c.is_server_ || offset + size > kEnoughTickets ? NGTCP2_ERR_CRYPTO : 0;
  }

  static int recv_rx_key(ngtcp2_conn*, ngtcp2_encryption_level level, void* user) {
    if (level == NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE) self(user).hello_read_ = true;
    return 0;
  }

  static int handshake_completed(ngtcp2_conn* conn, void* user) {
    QuicConnection& c = self(user);
    if (c.tls_->alpn().empty()) {
      constexpr std::uint8_t kNoApplicationProtocol = 120;
      ngtcp2_conn_set_tls_alert(conn, kNoApplicationProtocol);
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    c.connected_ = true;
    c.urgent_ = true;
    if (c.is_server_) {
      c.confirmed_ = true;
      c.server_name_ = *c.requested_server_name();
    }
    const ngtcp2_transport_params* peer = ngtcp2_conn_get_remote_transport_params(conn);
    c.max_datagram_size_ =
        max_datagram_payload(c.shared_.config.max_udp_payload, ngtcp2_conn_get_dcid(conn)->datalen,
                             peer->max_datagram_frame_size);
    ++(c.is_server_ ? c.shared_.counters.accepted : c.shared_.counters.connected);
    c.reported_ = true;
    c.shared_.events.push(
        Connected{c.handle_, c.server_name_, c.tls_->alpn(), c.remote_, c.is_server_});
    return 0;
  }

  static int handshake_confirmed(ngtcp2_conn*, void* user) {
    self(user).confirmed_ = true;
    return 0;
  }

  // -- Randomness and connection ids
  // ----------------------------------------------------------------
  static void rand(std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx* context) {
    static_cast<Rng*>(context->native_handle)->fill(std::as_writable_bytes(std::span(out, size)));
  }

  static int get_path_challenge_data(ngtcp2_conn*, std::uint8_t* data, void* user) {
    self(user).shared_.rng->fill(
        std::as_writable_bytes(std::span(data, NGTCP2_PATH_CHALLENGE_DATALEN)));
    return 0;
  }

  static int get_new_connection_id(ngtcp2_conn*, ngtcp2_cid* cid, std::uint8_t* token, std::size_t,
                                   void* user) {
    QuicConnection& c = self(user);
    const Cid fresh = c.shared_.issue_cid(c.handle_.slot);
    c.cids_.push_back(fresh);
    *cid = fresh.to_ngtcp2();
    c.shared_.stateless_reset_token(fresh, token);
    return 0;
  }

  static int remove_connection_id(ngtcp2_conn*, const ngtcp2_cid* cid, void* user) {
    QuicConnection& c = self(user);
    const Cid gone = Cid::from(*cid);
    c.shared_.cids.erase(gone);
    std::erase(c.cids_, gone);
    return 0;
  }

  static int recv_stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user) {
    self(user).reset_by_peer_ = true;
    return 0;
  }

  // -- Datagrams
  // ------------------------------------------------------------------------------------
  static int recv_datagram(ngtcp2_conn*, std::uint32_t, const std::uint8_t* data, std::size_t size,
                           void* user) {
    QuicConnection& c = self(user);
    ++c.stats_.datagrams_in;
    EndpointState& shared = c.shared_;
    FrameRef frame;
    if (shared.events.datagram_bytes() + size <= shared.config.max_unread_datagram_bytes) {
      frame = shared.frames.copy(std::as_bytes(std::span(data, size)));
    }
    if (!frame) {
      ++shared.counters.datagrams_unread_dropped;
    } else if (c.is_open()) {
      const ByteView bytes = frame.bytes();
      shared.events.push(DatagramReceived{c.handle_, bytes, std::move(frame)});
    }
    return 0;
  }

  static void note_fate(QuicConnection& c) {
    if (c.datagrams_under_way_ != 0) --c.datagrams_under_way_;
  }
  static int ack_datagram(ngtcp2_conn*, std::uint64_t, void* user) {
    QuicConnection& c = self(user);
    ++c.stats_.datagrams_acked;
    c.progress_at_ = c.now_;
    note_fate(c);
    return 0;
  }
  static int lost_datagram(ngtcp2_conn*, std::uint64_t, void* user) {
    QuicConnection& c = self(user);
    ++c.stats_.datagrams_lost;
    note_fate(c);
    return 0;
  }

  // -- Messages
  // -------------------------------------------------------------------------------------
  static bool carries_incoming_message(const QuicConnection& c, std::int64_t stream) {
    const bool from_client = (stream & 1) == 0;
    return ngtcp2_is_bidi_stream(stream) != 0 && from_client == c.is_server_;
  }

  static int recv_stream_data(ngtcp2_conn* conn, std::uint32_t flags, std::int64_t stream,
                              std::uint64_t, const std::uint8_t* data, std::size_t size, void* user,
                              void*) {
    QuicConnection& c = self(user);
    c.urgent_ = true;
    ngtcp2_conn_extend_max_offset(conn, size);
    if (!carries_incoming_message(c, stream)) return 0;  // nothing is ever answered on a stream
    const bool fin = (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
    const auto verdict =
        c.incoming_.on_data(stream, std::as_bytes(std::span(data, size)), fin, c.now_);
    if (verdict != IncomingMessages::Verdict::kOk) {
      c.limit_broken_ = verdict;
      return 0;
    }
    if (fin) {  // our half carries nothing: end it, so that the stream's credit returns
      ngtcp2_conn_shutdown_stream_write(conn, 0, stream, 0);
    }
    return 0;
  }

  static int stream_reset(ngtcp2_conn* conn, std::int64_t stream, std::uint64_t, std::uint64_t,
                          void* user, void*) {
    QuicConnection& c = self(user);
    c.urgent_ = true;
    if (carries_incoming_message(c, stream)) {
      c.incoming_.on_reset(stream, c.now_);
      ngtcp2_conn_shutdown_stream_write(conn, 0, stream, 0);
    }
    return 0;
  }

  static int stream_close(ngtcp2_conn* conn, std::uint32_t, std::int64_t stream, std::uint64_t,
                          void* user, void*) {
    QuicConnection& c = self(user);
    if (carries_incoming_message(c, stream)) {
      ngtcp2_conn_extend_max_streams_bidi(conn, 1);
    } else {
      c.outgoing_.on_stream_closed(stream);
    }
    return 0;
  }

  static int acked_stream_data_offset(ngtcp2_conn*, std::int64_t stream, std::uint64_t offset,
                                      std::uint64_t size, void* user, void*) {
    self(user).outgoing_.on_acked(stream, offset, size);
    return 0;
  }

  static ngtcp2_callbacks make(bool is_server) {
    ngtcp2_callbacks cb{};
    cb.client_initial = is_server ? nullptr : ngtcp2_crypto_client_initial_cb;
    cb.recv_retry = is_server ? nullptr : ngtcp2_crypto_recv_retry_cb;
    cb.recv_client_initial = is_server ? ngtcp2_crypto_recv_client_initial_cb : nullptr;
    cb.recv_crypto_data = recv_crypto_data;
    cb.encrypt = ngtcp2_crypto_encrypt_cb;
    cb.decrypt = ngtcp2_crypto_decrypt_cb;
    cb.hp_mask = ngtcp2_crypto_hp_mask_cb;
    cb.update_key = ngtcp2_crypto_update_key_cb;
    cb.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    cb.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    cb.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    cb.get_path_challenge_data = get_path_challenge_data;
    cb.rand = rand;
    cb.get_new_connection_id = get_new_connection_id;
    cb.remove_connection_id = remove_connection_id;
    cb.handshake_completed = handshake_completed;
    cb.recv_rx_key = recv_rx_key;
    cb.handshake_confirmed = handshake_confirmed;
    cb.recv_stateless_reset = recv_stateless_reset;
    cb.recv_datagram = recv_datagram;
    cb.ack_datagram = ack_datagram;
    cb.lost_datagram = lost_datagram;
    cb.recv_stream_data = recv_stream_data;
    cb.stream_reset = stream_reset;
    cb.stream_close = stream_close;
    cb.acked_stream_data_offset = acked_stream_data_offset;
    return cb;
  }
};

const ngtcp2_callbacks& quic_callbacks(bool is_server) noexcept {
  static const ngtcp2_callbacks server = Callbacks::make(true);
  static const ngtcp2_callbacks client = Callbacks::make(false);
  return is_server ? server : client;
}

}  // namespace wzp::transport
