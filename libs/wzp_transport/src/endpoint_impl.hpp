#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "endpoint_state.hpp"
#include "quic_connection.hpp"
#include "stateless_replies.hpp"
#include "timer_wheel.hpp"
#include "wzp/transport/endpoint.hpp"

namespace wzp::transport {

class Endpoint::Impl {
 public:
  Impl(const EndpointConfig& config, TlsContext tls, Rng& rng);

  void set_tls(TlsContext tls);
  void set_shard_of(ShardOf shard_of) { shard_of_ = std::move(shard_of); }
  Result<ConnectionHandle> connect(const SocketAddress& remote, std::string_view server_name,
                                   Instant now);
  void receive(const SocketAddress& from, const SocketAddress& to, ByteView payload, Instant now);
  void handle_deadline(Instant now);
  bool flush(TxBatch& batch, Instant now);
  [[nodiscard]] Instant next_deadline() const;

  // The connection if it is open, else null.
  [[nodiscard]] QuicConnection* find(ConnectionHandle handle) const noexcept;
  // To be called after anything was done with a connection: timers, dirty list, burial.
  void settle(QuicConnection& connection, Instant now);

  // Datagrams of the connection wait until then, or until those held before it leave.
  void hold(QuicConnection& connection, Instant until);

  // Does something to an open connection and settles it; nothing if it is not open.
  template <class Action>
  void change(ConnectionHandle handle, Instant now, Action action) {
    QuicConnection* connection = find(handle);
    if (connection == nullptr) return;
    last_now_ = now;
    count(*connection, -1);
    action(*connection);
    count(*connection, +1);
    settle(*connection, now);
  }
  [[nodiscard]] std::vector<ConnectionHandle> open_handles() const;

  EndpointState state;
  std::size_t open = 0;
  std::size_t half_open = 0;

 private:
  struct Packet {
    const SocketAddress& from;
    const SocketAddress& to;
    ByteView bytes;
    Instant now;
  };
  [[nodiscard]] QuicConnection* find_for(const Packet& packet, const Cid& cid) const;
  void receive_long(const Packet& packet);
  void receive_short(const Packet& packet);
  void deliver(QuicConnection& connection, const Packet& packet);
  void accept(const Packet& packet);
  // The connection is new. If its name belongs to another shard, it is given up and sent there.
  void send_on_if_misplaced(ConnectionHandle fresh, const StatelessReplies::Request& request,
                            const ngtcp2_pkt_hd& header, bool has_proved_address);
  [[nodiscard]] bool admits(const StatelessReplies::Request& request, const ngtcp2_pkt_hd& header,
                            std::optional<ngtcp2_cid>& original_dcid);

  [[nodiscard]] ConnectionHandle claim_slot();
  QuicConnection& install(std::unique_ptr<QuicConnection> connection);
  void bury(QuicConnection& connection);
  void count(const QuicConnection& connection, int step) noexcept;
  void release_held(Instant now);

  std::optional<TlsContext> server_tls_;
  std::optional<TlsContext> client_tls_;
  StatelessReplies replies_;
  ShardOf shard_of_;
  std::vector<std::unique_ptr<QuicConnection>> slots_;
  std::vector<std::uint32_t> generations_;
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<SocketAddress, std::uint32_t> by_remote_;  // without connection ids
  std::vector<std::uint32_t> dirty_;
  std::vector<std::uint32_t> held_;  // may name slots that were written or buried since
  Instant held_until_ = kNever;
  std::vector<std::uint32_t> due_;
  std::vector<std::uint32_t> written_;
  TimerWheel wheel_;
  Instant last_now_{};
};

}  // namespace wzp::transport
