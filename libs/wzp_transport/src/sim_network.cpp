#include "wzp/transport/sim_network.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "wzp/transport/tx_batch.hpp"

namespace wzp::transport {
namespace {

// Virtual time starts well after zero, where a clock that "never goes back" has room below.
constexpr Instant kStart = Instant(std::chrono::seconds(1000));

}  // namespace

class SimNetwork::Impl {
 public:
  struct Host {
    Endpoint* endpoint;
    SocketAddress address;
    OnTurn on_turn;
  };
  struct Link {
    Channel channel;
    HostId from;
    HostId to;
    std::vector<SocketAddress> senders;  // tag of a packet: index into this
  };
  struct Action {
    Instant when;
    std::uint64_t order;
    HostId host;
    Duration period;  // 0: once
    std::function<void(Instant)> run;
  };

  HostId add_host(Endpoint& endpoint, const SocketAddress& address, OnTurn on_turn) {
    hosts_.push_back({&endpoint, address, std::move(on_turn)});
    by_address_[address] = hosts_.size() - 1;
    return hosts_.size() - 1;
  }

  Link& link(HostId from, HostId to) {
    const auto key = std::pair(from, to);
    auto it = links_.find(key);
    if (it == links_.end()) {
      it = links_.emplace(key, Link{Channel(ChannelConfig{}), from, to, {}}).first;
    }
    return it->second;
  }

  void rebind(HostId host, const SocketAddress& address) {
    by_address_.erase(hosts_[host].address);
    hosts_[host].address = address;
    by_address_[address] = host;
  }

  void schedule(Instant when, HostId host, Duration period, std::function<void(Instant)> run) {
    actions_.push_back({std::max(when, now), next_order_++, host, period, std::move(run)});
    std::push_heap(actions_.begin(), actions_.end(), later);
  }

  // Runs everything that is due next, if that is not after `end`. False if there was nothing.
  bool step(Instant end) {
    Instant next = actions_.empty() ? kNever : actions_.front().when;
    for (auto& [key, l] : links_) next = std::min(next, l.channel.next_deadline());
    for (const Host& host : hosts_) next = std::min(next, host.endpoint->next_deadline());
    if (next > end) return false;
    now = std::max(now, next);
    deliver_packets();
    run_actions();
    for (HostId id = 0; id < hosts_.size(); ++id) {
      if (hosts_[id].endpoint->next_deadline() > now && !pending_turn(id)) continue;
      hosts_[id].endpoint->handle_deadline(now);
      take_turn(id);
    }
    return true;
  }

  void take_turn(HostId id) {
    turns_pending_[id] = false;
    Host& host = hosts_[id];
    if (host.on_turn) host.on_turn(now);
    bool more = true;
    while (more) {
      more = host.endpoint->flush(batch_, now);
      for (const TxBatch::Entry& e : batch_.entries()) {
        for (std::size_t i = 0; i < e.segments(); ++i) send(id, e, batch_.segment(e, i));
      }
      batch_.clear();
    }
  }

  Instant now = kStart;
  std::uint64_t trace = 0xcbf29ce484222325U;
  std::uint64_t sent = 0;
  std::vector<Host> hosts_;

 private:
  static bool later(const Action& a, const Action& b) noexcept {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }
  std::vector<char>::reference pending_turn(HostId id) {
    turns_pending_.resize(hosts_.size());
    return turns_pending_[id];
  }

  void note(std::uint64_t value) noexcept {
    trace = (trace ^ value) * 0x100000001b3U;
    trace ^= trace >> 29;
  }

  void send(HostId from, const TxBatch::Entry& entry, ByteView payload) {
    ++sent;
    note(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    note(hosts_[from].address.hash());
    note(entry.destination.hash());
    note(payload.size());
    const auto to = by_address_.find(entry.destination);
    if (to == by_address_.end()) return;  // nobody there
    Link& l = link(from, to->second);
    const SocketAddress& sender = hosts_[from].address;
    if (l.senders.empty() || l.senders.back() != sender) l.senders.push_back(sender);
    l.channel.push(payload, now, l.senders.size() - 1);
  }

  void deliver_packets() {
    for (auto& [key, l] : links_) {
      while (const auto packet = l.channel.pop_due(now)) {
        Host& to = hosts_[l.to];
        to.endpoint->receive(l.senders[packet->tag], to.address, packet->bytes, now);
        pending_turn(l.to) = true;
      }
    }
  }

  void run_actions() {
    while (!actions_.empty() && actions_.front().when <= now) {
      std::pop_heap(actions_.begin(), actions_.end(), later);
      Action action = std::move(actions_.back());
      actions_.pop_back();
      action.run(now);
      pending_turn(action.host) = true;
      if (action.period > Duration(0)) {
        schedule(action.when + action.period, action.host, action.period, std::move(action.run));
      }
    }
  }

  std::unordered_map<SocketAddress, HostId> by_address_;
  std::map<std::pair<HostId, HostId>, Link> links_;
  std::vector<Action> actions_;
  std::uint64_t next_order_ = 0;
  std::vector<char> turns_pending_;
  TxBatch batch_;
};

SimNetwork::SimNetwork() : impl_(std::make_unique<Impl>()) {}
SimNetwork::~SimNetwork() = default;
SimNetwork::SimNetwork(SimNetwork&&) noexcept = default;
SimNetwork& SimNetwork::operator=(SimNetwork&&) noexcept = default;

SimNetwork::HostId SimNetwork::add_host(Endpoint& endpoint, const SocketAddress& address,
                                        OnTurn on_turn) {
  return impl_->add_host(endpoint, address, std::move(on_turn));
}

void SimNetwork::connect_hosts(HostId a, HostId b, const ChannelConfig& a_to_b,
                               const ChannelConfig& b_to_a) {
  impl_->link(a, b).channel = Channel(a_to_b);
  impl_->link(b, a).channel = Channel(b_to_a);
}

Channel& SimNetwork::channel(HostId from, HostId to) { return impl_->link(from, to).channel; }

void SimNetwork::rebind(HostId host, const SocketAddress& address) { impl_->rebind(host, address); }

void SimNetwork::at(Instant when, HostId host, std::function<void(Instant)> action) {
  impl_->schedule(when, host, Duration(0), std::move(action));
}

void SimNetwork::every(Duration period, Instant first, HostId host,
                       std::function<void(Instant)> action) {
  impl_->schedule(first, host, period, std::move(action));
}

void SimNetwork::inject(const SocketAddress& from, HostId to, ByteView udp_payload) {
  auto& host = impl_->hosts_[to];
  host.endpoint->receive(from, host.address, udp_payload, impl_->now);
  impl_->take_turn(to);
}

Instant SimNetwork::now() const noexcept { return impl_->now; }

void SimNetwork::run_until(Instant end) {
  while (impl_->step(end)) {
  }
  impl_->now = std::max(impl_->now, end);
}

bool SimNetwork::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = impl_->now + limit;
  while (!done()) {
    if (impl_->step(end)) continue;
    impl_->now = end;
    return done();
  }
  return true;
}

std::uint64_t SimNetwork::trace_hash() const noexcept { return impl_->trace; }
std::uint64_t SimNetwork::packets_sent() const noexcept { return impl_->sent; }

}  // namespace wzp::transport
