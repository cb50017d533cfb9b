#include "impair_proxy.hpp"

#include <algorithm>

namespace wzp::bench {
namespace {

Instant now() { return std::chrono::steady_clock::now(); }

void add(transport::ChannelCounters& sum, const transport::ChannelCounters& c) {
  sum.pushed += c.pushed;
  sum.delivered += c.delivered;
  sum.duplicated += c.duplicated;
  sum.reordered += c.reordered;
  sum.lost_random += c.lost_random;
  sum.lost_burst += c.lost_burst;
  sum.lost_queue += c.lost_queue;
  sum.lost_outage += c.lost_outage;
  sum.bytes_pushed += c.bytes_pushed;
  sum.bytes_delivered += c.bytes_delivered;
}

}  // namespace

/// One client: its address, its socket towards the server, its two channels.
struct ImpairProxy::Client {
  Client(boost::asio::io_context& io, Udp::endpoint client_address, const Udp::endpoint& server,
         const transport::ChannelConfig& up_config, const transport::ChannelConfig& down_config)
      : address(std::move(client_address)),
        upstream(io, Udp::endpoint(server.protocol(), 0)),
        up(up_config),
        down(down_config) {
    upstream.connect(server);
    upstream.non_blocking(true);
  }

  Udp::endpoint address;
  Udp::socket upstream;
  transport::Channel up;
  transport::Channel down;
  std::array<std::byte, 65536> buffer{};
};

ImpairProxy::ImpairProxy(boost::asio::io_context& io, const Udp::endpoint& listen,
                         const Udp::endpoint& server, const transport::ChannelConfig& up,
                         const transport::ChannelConfig& down)
    : io_(io), socket_(io, listen), server_(server), up_(up), down_(down), timer_(io) {
  socket_.non_blocking(true);
  receive_from_clients();
}

ImpairProxy::~ImpairProxy() = default;

std::shared_ptr<ImpairProxy::Client> ImpairProxy::client_at(const Udp::endpoint& address) {
  const auto found = clients_.find(address);
  if (found != clients_.end()) return found->second;
  if (clients_.size() >= kMaxClients) return nullptr;
  // Each client's paths have seeds of their own, or all would lose the same packets.
  transport::ChannelConfig up = up_;
  transport::ChannelConfig down = down_;
  up.seed += 2 * clients_.size();
  down.seed += 2 * clients_.size() + 1;
  auto client = std::make_shared<Client>(io_, address, server_, up, down);
  clients_.emplace(address, client);
  if (!first_) first_ = client;
  receive_from_server(client);
  return client;
}

void ImpairProxy::receive_from_clients() {
  socket_.async_receive_from(boost::asio::buffer(buffer_), from_,
                             [this](const auto& error, std::size_t size) {
                               if (error == boost::asio::error::operation_aborted) return;
                               if (!error) {
                                 if (const auto client = client_at(from_)) {
                                   client->up.push(ByteView(buffer_).first(size), now());
                                   deliver(now());
                                 }
                               }
                               receive_from_clients();
                             });
}

void ImpairProxy::receive_from_server(const std::shared_ptr<Client>& client) {
  client->upstream.async_receive(boost::asio::buffer(client->buffer),
                                 [this, client](const auto& error, std::size_t size) {
                                   if (error == boost::asio::error::operation_aborted) return;
                                   if (!error) {
                                     client->down.push(ByteView(client->buffer).first(size), now());
                                     deliver(now());
                                   }
                                   receive_from_server(client);
                                 });
}

void ImpairProxy::deliver(Instant at) {
  boost::system::error_code ignored;  // a full socket buffer is one more way to lose a packet
  for (const auto& [address, client] : clients_) {
    while (const auto packet = client->up.pop_due(at)) {
      client->upstream.send(boost::asio::buffer(packet->bytes.data(), packet->bytes.size()), 0,
                            ignored);
    }
    while (const auto packet = client->down.pop_due(at)) {
      socket_.send_to(boost::asio::buffer(packet->bytes.data(), packet->bytes.size()), address, 0,
                      ignored);
    }
  }
  arm();
}

void ImpairProxy::arm() {
  Instant next = kNever;
  for (const auto& [address, client] : clients_) {
    next = std::min({next, client->up.next_deadline(), client->down.next_deadline()});
  }
  if (next == armed_for_) return;
  armed_for_ = next;
  if (next == kNever) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(next));
  timer_.async_wait([this](const auto& error) {
    if (error) return;
    armed_for_ = kNever;
    deliver(now());
  });
}

std::vector<transport::FateRecord> ImpairProxy::first_client_fates() const {
  return first_ ? first_->up.fates() : std::vector<transport::FateRecord>();
}

ImpairProxy::Totals ImpairProxy::totals() const {
  Totals totals;
  totals.clients = clients_.size();
  for (const auto& [address, client] : clients_) {
    add(totals.up, client->up.counters());
    add(totals.down, client->down.counters());
  }
  return totals;
}

}  // namespace wzp::bench
