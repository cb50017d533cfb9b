/// \file
/// A UDP proxy that treats packets as a bad network would.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <vector>

#include "wzp/transport/channel.hpp"

namespace wzp::bench {

/// Stands in front of a server. Each client address gets an upstream socket of its own, so that the
/// server tells clients apart, and a pair of channels, so that each path has its own fate. At most
/// kMaxClients; packets of more are dropped.
class ImpairProxy {
 public:
  static constexpr std::size_t kMaxClients = 1024;
  using Udp = boost::asio::ip::udp;

  /// Binds `listen` (port 0: any free one). Throws boost::system::system_error.
  ImpairProxy(boost::asio::io_context& io, const Udp::endpoint& listen, const Udp::endpoint& server,
              const transport::ChannelConfig& up, const transport::ChannelConfig& down);
  ~ImpairProxy();

  [[nodiscard]] Udp::endpoint local_endpoint() const { return socket_.local_endpoint(); }

  struct Totals {
    transport::ChannelCounters up;    ///< Client to server.
    transport::ChannelCounters down;  ///< Server to client.
    std::size_t clients = 0;
  };
  [[nodiscard]] Totals totals() const;
  /// What became of each packet of the clients, in order of arrival, if `up.log_fates` is set.
  /// Of the first client; empty before it came.
  [[nodiscard]] std::vector<transport::FateRecord> first_client_fates() const;

 private:
  struct Client;
  void receive_from_clients();
  void receive_from_server(const std::shared_ptr<Client>& client);
  void deliver(Instant now);
  void arm();
  std::shared_ptr<Client> client_at(const Udp::endpoint& address);

  boost::asio::io_context& io_;
  Udp::socket socket_;
  Udp::endpoint server_;
  transport::ChannelConfig up_;
  transport::ChannelConfig down_;
  boost::asio::steady_timer timer_;
  Instant armed_for_ = kNever;
  std::map<Udp::endpoint, std::shared_ptr<Client>> clients_;
  std::shared_ptr<Client> first_;
  std::array<std::byte, 65536> buffer_{};
  Udp::endpoint from_;
};

}  // namespace wzp::bench
