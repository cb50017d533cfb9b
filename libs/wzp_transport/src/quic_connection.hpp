// One QUIC connection: an ngtcp2 connection with its TLS session, datagrams and messages.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "endpoint_state.hpp"
#include "incoming_messages.hpp"
#include "outbox.hpp"
#include "outgoing_messages.hpp"
#include "sockaddr.hpp"
#include "tls_backend.hpp"
#include "wzp/transport/tls_context.hpp"
#include "wzp/transport/tx_batch.hpp"

namespace wzp::transport {

struct ConnectionDeleter {
  void operator()(ngtcp2_conn* conn) const { ngtcp2_conn_del(conn); }
};

// Must not move: ngtcp2 and TLS hold its address. The endpoint calls it; it puts events and
// connection ids into the shared EndpointState and says through deadline() and is_dirty() what it
// wants next. After an error or a close the ngtcp2 connection is freed at once; what stays for
// three probe timeouts is the close packet.
class QuicConnection {
 public:
  // What the first packet of a client says.
  struct Accept {
    const ngtcp2_pkt_hd* header;
    const ngtcp2_cid* original_dcid;  // from a Retry token, or null
  };

  static std::unique_ptr<QuicConnection> accept(EndpointState& shared, ConnectionHandle handle,
                                                const TlsContext& tls, const SocketAddress& local,
                                                const SocketAddress& remote, const Accept& first,
                                                Instant now);
  static std::unique_ptr<QuicConnection> connect(EndpointState& shared, ConnectionHandle handle,
                                                 const TlsContext& tls, const SocketAddress& local,
                                                 const SocketAddress& remote,
                                                 std::string server_name, Instant now);
  ~QuicConnection();
  QuicConnection(const QuicConnection&) = delete;
  QuicConnection& operator=(const QuicConnection&) = delete;

  // -- Input and output
  // -----------------------------------------------------------------------------
  void receive(const SocketAddress& from, const SocketAddress& to, ByteView payload, Instant now);
  void on_deadline(Instant now);
  // False if the batch is full and more is to be written.
  bool write(TxBatch& batch, Instant now);

  // -- User
  // -----------------------------------------------------------------------------------------
  // Queues it; mark_dirty() has what is queued written.
  SendResult send_datagram(FrameRef frame, Instant now, StreamId stream);
  void mark_dirty() noexcept;
  Result<void> send_message(ByteView bytes);
  void close(std::uint64_t code, std::string_view reason, Instant now);
  void close_after_delivery(std::uint64_t code, std::string_view reason, Duration linger,
                            Instant now);
  Result<void> migrate(const SocketAddress& local, Instant now);
  Result<void> update_keys(Instant now);
  [[nodiscard]] ConnectionStats stats() const;
  [[nodiscard]] std::size_t max_datagram_size() const noexcept { return max_datagram_size_; }
  [[nodiscard]] const ExporterSecret* exporter_secret() const noexcept {
    return connected_ ? &ref_.exporter_secret : nullptr;
  }

  // Of a server, as soon as the client's first flight was read, in lower case.
  [[nodiscard]] std::optional<std::string> requested_server_name() const;
  // Forgets everything without a word to anybody. Requires: nobody was told of it yet.
  void abandon();

  // -- State
  // ----------------------------------------------------------------------------------------
  [[nodiscard]] ConnectionHandle handle() const noexcept { return handle_; }
  [[nodiscard]] const SocketAddress& remote() const noexcept { return remote_; }
  [[nodiscard]] bool is_server() const noexcept { return is_server_; }
  // The user can still use it.
  [[nodiscard]] bool is_open() const noexcept { return state_ == State::kOpen; }
  [[nodiscard]] bool is_half_open() const noexcept { return is_open() && !connected_; }
  // The endpoint may forget it.
  [[nodiscard]] bool is_dead() const noexcept { return state_ == State::kDead; }
  [[nodiscard]] bool is_dirty() const noexcept { return dirty_; }
  [[nodiscard]] Instant deadline() const noexcept { return deadline_; }

  // For the endpoint's bookkeeping.
  bool in_dirty_list = false;
  bool is_held = false;
  Instant wheel_deadline = kNever;

 private:
  friend struct Callbacks;
  // kClosed: the user is told, the last packets and the close are not written yet.
  enum class State : std::uint8_t { kOpen, kClosed, kClosing, kDraining, kDead };

  QuicConnection(EndpointState& shared, ConnectionHandle handle, const TlsContext& tls,
                 const SocketAddress& local, const SocketAddress& remote, bool is_server,
                 std::string server_name, Instant now);
  bool init_server(const Accept& first, Instant now);
  bool init_client(Instant now);
  bool init_tls();
  void register_cid(const Cid& cid);

  // quic_connection.cpp: input
  void after_read(int error, Instant now);
  void fail(int error, Instant now);
  void deliver_messages();
  void free_tls_if_done();
  void touch(Instant now);
  void note_rtt();
  void expire(Instant now);
  [[nodiscard]] bool may_hold_acks(Instant now) const noexcept;
  [[nodiscard]] Instant ack_due() const noexcept;
  [[nodiscard]] Instant own_deadline() const noexcept;
  bool time_limit_broken(Instant now);
  [[nodiscard]] bool wants_write_after_read() const noexcept;

  // quic_connection_write.cpp: output. One packet is put together in several steps.
  enum class Step : std::uint8_t { kMore, kPacket, kBlocked, kFailed };
  struct Packet {
    MutableBytes room;
    std::size_t size = 0;
    ngtcp2_tstamp ts = 0;
    // Streams that have a datagram in it: none may have two.
    std::array<StreamId, 16> streams{};
    std::size_t stream_count = 0;

    [[nodiscard]] bool may_take(StreamId stream) const noexcept;
    void note(StreamId stream) noexcept;
  };
  Step fill_packet(Packet& packet);
  Step add_datagram(Packet& packet);
  Step add_message(const OutgoingMessages::Chunk& chunk, Packet& packet);
  Step finish_packet(Packet& packet);
  void commit(TxBatch& batch, std::size_t size);
  void shed_datagrams(Instant now);
  void start_messages();
  [[nodiscard]] bool is_stalled(Instant now) const noexcept;
  bool write_closing(TxBatch& batch);

  // quic_connection_close.cpp: the end
  void report_closed(CloseCause cause, std::uint64_t code, std::string_view reason);
  void report_peer_close();
  void enter_closing(const ngtcp2_ccerr& error, Instant now);
  void enter_draining(Instant now);
  void die();
  void forget_state(Instant until);
  void close_for_limit(const std::string& reason, Instant now);
  void finish_close(Instant now);
  void repeat_close();

  void set_local(const SocketAddress& local) noexcept;
  void set_remote(const SocketAddress& remote) noexcept;
  [[nodiscard]] ngtcp2_path path() noexcept;

  EndpointState& shared_;
  const ConnectionHandle handle_;
  TlsContext tls_context_;
  TlsConnectionRef ref_;
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<ngtcp2_conn, ConnectionDeleter> conn_;
  const bool is_server_;
  State state_ = State::kOpen;
  bool connected_ = false;
  bool confirmed_ = false;
  bool hello_read_ = false;  // the server knows what the client asks for
  bool dirty_ = false;
  bool urgent_ = false;  // something came in that deserves an answer at once
  bool reset_by_peer_ = false;
  bool hold_datagrams_ = false;  // the path is dead or the window full: none in this flush
  bool probing_ = false;         // the path seems dead: one packet of datagrams in this flush
  bool lingering_ = false;       // closes when its messages are delivered
  bool reported_ = false;        // the user knows this connection
  bool close_pending_ = false;
  std::uint32_t packets_while_closing_ = 0;

  SocketAddress local_;
  SocketAddress remote_;
  sockaddr_storage local_raw_{};
  sockaddr_storage remote_raw_{};
  socklen_t local_size_ = 0;
  socklen_t remote_size_ = 0;
  ngtcp2_path_storage write_path_{};

  std::string server_name_;
  std::vector<Cid> cids_;
  Instant now_{};  // of the call under way, for callbacks
  Instant deadline_ = kNever;
  Instant unanswered_since_ = kNever;  // first packet whose acknowledgement we may still hold
  Instant close_at_ = kNever;          // end of lingering, closing or draining
  Duration smoothed_rtt_{0};           // as of the last coarse timer
  Duration ack_part_{0};               // what ngtcp2 itself delays acknowledgements by

  Outbox outbox_;
  std::size_t max_datagram_size_ = 0;
  std::uint64_t datagrams_under_way_ = 0;
  Instant progress_at_{};  // last acknowledgement, or first datagram after none was under way
  Instant probe_at_{};     // while stalled: next datagram
  IncomingMessages incoming_;
  OutgoingMessages outgoing_;
  IncomingMessages::Verdict limit_broken_ = IncomingMessages::Verdict::kOk;

  std::uint64_t close_code_ = 0;
  std::string close_reason_;
  std::vector<std::byte> close_packet_;
  ConnectionStats stats_;
};

}  // namespace wzp::transport
