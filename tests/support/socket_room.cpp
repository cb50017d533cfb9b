#include "socket_room.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <stdexcept>
#include <vector>

#include "wzp/client/audio.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/relay/relay.hpp"
#include "wzp/transport/asio_core_loop.hpp"

namespace wzp::test {
namespace {

constexpr std::size_t kFewest = 3;

transport::UdpDriver open(boost::asio::io_context& io, transport::Endpoint& endpoint) {
  transport::UdpDriverConfig config;
  config.listen = transport::SocketAddress::ipv4({127, 0, 0, 1}, 0);
  auto driver = transport::UdpDriver::open(io, endpoint, config);
  if (!driver) throw std::runtime_error("no socket on loopback");
  return std::move(*driver);
}

struct Speaker final : client::CallObserver {
  Speaker(boost::asio::io_context& io, RoomWatch& in)
      : watch(in),
        identity(crypto::Identity::ephemeral(crypto::system_rng())),
        endpoint(transport::EndpointConfig::for_client(), transport::TlsContext::make_client(),
                 crypto::system_rng()),
        number(in.add(identity.public_key())),
        driver(open(io, endpoint)),
        loop(io, driver, [this](Instant now) {
          if (!call) return kNever;
          call->handle_turn(now);
          return call->next_deadline();
        }) {}

  void join(const transport::SocketAddress& relay) {
    client::CallOptions options;
    options.media2 = false;  // a packet every 20 ms shows more than one every 60
    options.media_probe = &watch.probe(number);
    call.emplace(endpoint, identity, crypto::system_rng(), options, &source, sink, this);
    watch.probe(number).watch(*call);
    call->start(relay, transport::UdpDriver::now());
    driver.wake();
  }
  void leave() {
    watch.leaves(number, transport::UdpDriver::now());
    call->hang_up(transport::UdpDriver::now());
    driver.wake();
  }
  void on_left(const client::RemoteParticipant& who) override {
    watch.sender_knows(number, watch.number_of(who.identity), transport::UdpDriver::now());
  }
  [[nodiscard]] bool is_out() const { return !call || call->state() == client::CallState::kClosed; }

  RoomWatch& watch;
  crypto::Identity identity;
  client::ToneSource source{std::chrono::hours(24)};
  client::NullSink sink;
  transport::Endpoint endpoint;
  std::optional<client::Call> call;
  std::size_t number;
  transport::UdpDriver driver;
  transport::AsioCoreLoop loop;
};

}  // namespace

class SocketRoom::Impl final : public relay::RelayObserver {
 public:
  Impl(RoomWatch& watch, const Options& options)
      : watch_(watch),
        options_(options),
        dice_(options.seed),
        identity_(crypto::Identity::ephemeral(crypto::system_rng())),
        endpoint_(transport::EndpointConfig::for_server(),
                  transport::TlsContext::make_self_signed_server(), crypto::system_rng()),
        relay_(endpoint_, identity_, crypto::system_rng(), {}, this),
        driver_(open(io_, endpoint_)),
        loop_(io_, driver_, [this](Instant now) {
          relay_.handle_turn(now);
          return relay_.next_deadline();
        }) {
    for (std::size_t i = 0; i < options.people; ++i) {
      people_.push_back(std::make_unique<Speaker>(io_, watch));
    }
  }

  void on_joined(const relay::ParticipantInfo& who, std::size_t) override {
    for (const auto& person : people_) {
      if (person->identity.fingerprint() == who.fingerprint) {
        watch_.joined(person->number, transport::UdpDriver::now());
      }
    }
  }

  void run(std::size_t events) {
    for (std::size_t done = 0; done < events;) {
      done += act(*people_[dice_.next_u64() % people_.size()]) ? 1U : 0U;
      const auto span = static_cast<std::uint64_t>((options_.longest - options_.shortest).count());
      boost::asio::steady_timer timer(io_);
      timer.expires_after(options_.shortest +
                          std::chrono::milliseconds(dice_.next_u64() % (span + 1)));
      bool over = false;
      timer.async_wait([&](const boost::system::error_code&) { over = true; });
      while (!over) io_.run_one();
    }
  }

 private:
  bool act(Speaker& person) {
    const auto in = std::count_if(people_.begin(), people_.end(), [](const auto& p) {
      return p->call && p->call->state() == client::CallState::kActive;
    });
    const bool active = person.call && person.call->state() == client::CallState::kActive;
    if (active && static_cast<std::size_t>(in) > kFewest) {
      watch_.note_event(transport::UdpDriver::now());
      person.leave();
      return true;
    }
    if (!person.is_out()) return false;
    watch_.note_event(transport::UdpDriver::now());
    person.join(driver_.local_address());
    return true;
  }

  RoomWatch& watch_;
  Options options_;
  SeededRng dice_;
  boost::asio::io_context io_;
  crypto::Identity identity_;
  transport::Endpoint endpoint_;
  relay::Relay relay_;
  transport::UdpDriver driver_;
  transport::AsioCoreLoop loop_;
  std::vector<std::unique_ptr<Speaker>> people_;
};

SocketRoom::SocketRoom(const Options& options) : impl_(std::make_unique<Impl>(watch, options)) {}
SocketRoom::~SocketRoom() = default;
void SocketRoom::run(std::size_t events) { impl_->run(events); }

}  // namespace wzp::test
