// The ways a connection ends.
#include <bit>

#include "quic_connection.hpp"
#include "quic_settings.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::transport {

void QuicConnection::report_closed(CloseCause cause, std::uint64_t code, std::string_view reason) {
  if (state_ != State::kOpen) return;
  state_ = State::kClosed;
  outgoing_.clear_blocked();
  if (!reported_) {
    ++shared_.counters.handshakes_failed;
    return;
  }
  ++shared_.counters.closed;
  shared_.events.push(ConnectionClosed{handle_, cause, code, std::string(reason)});
}

// -- By this end
// -----------------------------------------------------------------------------------

void QuicConnection::close(std::uint64_t code, std::string_view reason, Instant now) {
  if (state_ != State::kOpen) return;
  now_ = now;
  close_code_ = code;
  close_reason_ = reason;
  lingering_ = false;
  close_at_ = kNever;
  report_closed(CloseCause::kLocal, code, reason);
  dirty_ = true;
}

void QuicConnection::close_after_delivery(std::uint64_t code, std::string_view reason,
                                          Duration linger, Instant now) {
  if (state_ != State::kOpen) return;
  if (outgoing_.empty()) {
    close(code, reason, now);
    return;
  }
  close_code_ = code;
  close_reason_ = reason;
  lingering_ = true;
  close_at_ = now + linger;
  dirty_ = true;
  touch(now);
  deadline_ = std::min(deadline_, close_at_);
}

// Everything queued has been written: now the close itself.
void QuicConnection::finish_close(Instant now) {
  ngtcp2_ccerr error;
  ngtcp2_ccerr_set_application_error(&error, close_code_,
                                     reinterpret_cast<const std::uint8_t*>(close_reason_.data()),
                                     close_reason_.size());
  enter_closing(error, now);
}

void QuicConnection::close_for_limit(const std::string& reason, Instant now) {
  if (state_ != State::kOpen) return;
  ++shared_.counters.peer_limits_broken;
  close_code_ = kNormalCloseCode;
  close_reason_ = reason;
  report_closed(CloseCause::kPeerLimit, close_code_, reason);
  finish_close(now);
}

// -- By an error
// -----------------------------------------------------------------------------------

void QuicConnection::fail(int error, Instant now) {
  switch (error) {
    case NGTCP2_ERR_DRAINING:
      report_peer_close();
      enter_draining(now);
      return;
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
      report_closed(CloseCause::kRefused, 0, "dropped");
      die();
      return;
    case NGTCP2_ERR_IDLE_CLOSE:
      report_closed(connected_ ? CloseCause::kIdleTimeout : CloseCause::kHandshakeTimeout, 0,
                    "timed out");
      die();
      return;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      report_closed(CloseCause::kHandshakeTimeout, 0, "handshake timed out");
      die();
      return;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      report_closed(CloseCause::kRefused, NGTCP2_VERSION_NEGOTIATION_ERROR,
                    "the peer speaks no QUIC version of ours");
      die();
      return;
    default:
      break;
  }
  ngtcp2_ccerr reason;
  ngtcp2_ccerr_default(&reason);
  const std::uint8_t alert = ngtcp2_conn_get_tls_alert(conn_.get());
  if (error == NGTCP2_ERR_CRYPTO || (error == NGTCP2_ERR_CALLBACK_FAILURE && alert != 0)) {
    ngtcp2_ccerr_set_tls_alert(&reason, alert, nullptr, 0);
  } else {
    ngtcp2_ccerr_set_liberr(&reason, error, nullptr, 0);
  }
  const std::string text =
      alert != 0 ? "TLS alert " + std::to_string(alert) : ngtcp2_strerror(error);
  report_closed(connected_ ? CloseCause::kTransportError : CloseCause::kRefused, reason.error_code,
                text);
  enter_closing(reason, now);
}

void QuicConnection::report_peer_close() {
  if (reset_by_peer_) {
    report_closed(CloseCause::kReset, 0, "reset");
    return;
  }
  const ngtcp2_ccerr* error = ngtcp2_conn_get_ccerr(conn_.get());
  const std::string_view reason(reinterpret_cast<const char*>(error->reason), error->reasonlen);
  CloseCause cause = CloseCause::kPeerTransport;
  if (error->type == NGTCP2_CCERR_TYPE_APPLICATION) {
    cause = CloseCause::kPeerApplication;
  } else if (!connected_) {
    cause = CloseCause::kRefused;
  }
  report_closed(cause, error->error_code, reason);
}

// -- Afterwards
// ------------------------------------------------------------------------------------

// Keeps the close packet, to be repeated when the peer goes on sending, and frees the rest.
void QuicConnection::enter_closing(const ngtcp2_ccerr& error, Instant now) {
  if (!conn_) return;
  close_packet_.resize(shared_.config.max_udp_payload);
  const ngtcp2_ssize n = ngtcp2_conn_write_connection_close(
      conn_.get(), &write_path_.path, nullptr, as_uchars(close_packet_.data()),
      close_packet_.size(), &error, to_ngtcp2(now));
  close_packet_.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  close_packet_.shrink_to_fit();
  close_pending_ = !close_packet_.empty();
  dirty_ = dirty_ || close_pending_;
  state_ = State::kClosing;
  forget_state(now + Duration(static_cast<std::int64_t>(3 * ngtcp2_conn_get_pto(conn_.get()))));
}

void QuicConnection::enter_draining(Instant now) {
  state_ = State::kDraining;
  forget_state(now + Duration(static_cast<std::int64_t>(3 * ngtcp2_conn_get_pto(conn_.get()))));
}

void QuicConnection::die() {
  state_ = State::kDead;
  forget_state(now_);
}

void QuicConnection::abandon() {
  WZP_ASSERT(!reported_);
  close_pending_ = false;
  die();
}

void QuicConnection::forget_state(Instant until) {
  conn_.reset();
  tls_.reset();
  outbox_.clear();
  close_at_ = until;
  deadline_ = until;
}

bool QuicConnection::write_closing(TxBatch& batch) {
  if (!close_pending_) return true;
  const MutableBytes room = batch.room(close_packet_.size());
  if (room.empty()) {
    dirty_ = true;
    return false;
  }
  std::copy(close_packet_.begin(), close_packet_.end(), room.begin());
  commit(batch, close_packet_.size());
  close_pending_ = false;
  dirty_ = false;
  return true;
}

// The peer missed our close: repeat it for its 1st, 2nd, 4th, 8th ... packet. Not to addresses that
// never proved to be real.
void QuicConnection::repeat_close() {
  ++packets_while_closing_;
  if (state_ == State::kClosing && connected_ && !close_packet_.empty() &&
      std::has_single_bit(packets_while_closing_)) {
    close_pending_ = true;
    dirty_ = true;
  }
}

}  // namespace wzp::transport
