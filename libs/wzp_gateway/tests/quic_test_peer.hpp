/// \file
/// A bare QUIC peer: says to a relay what a test wants it to say.
#pragma once

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "wzp/crypto/handshake.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/proto/signal.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace wzp::gateway::test {

class QuicTestPeer {
 public:
  QuicTestPeer(boost::asio::io_context& io, std::uint16_t port, const std::string& room)
      : io_(io),
        identity(crypto::Identity::ephemeral(crypto::system_rng())),
        endpoint_(transport::EndpointConfig::for_client(), transport::TlsContext::make_client(),
                  crypto::system_rng()),
        driver_(transport::UdpDriver::open(io, endpoint_,
                                           {.listen = transport::SocketAddress::loopback_ipv4(0)})
                    .value()) {
    driver_.start([this](Instant) { take_events(); });
    connection_ = endpoint_
                      .connect(transport::SocketAddress::loopback_ipv4(port), room,
                               transport::UdpDriver::now())
                      .value();
    driver_.wake();
    REQUIRE(wait_for([this] { return connected; }));
  }
  QuicTestPeer(const QuicTestPeer&) = delete;
  QuicTestPeer& operator=(const QuicTestPeer&) = delete;

  void send(const proto::Signal& signal) {
    const std::string text = proto::write_signal(signal);
    REQUIRE(endpoint_.send_message(connection_, as_byte_view(text), transport::UdpDriver::now()));
    driver_.wake();
  }
  void send_datagram(ByteView bytes) {
    static_cast<void>(endpoint_.send_datagram(connection_, bytes, transport::UdpDriver::now()));
    driver_.wake();
  }
  void offer() {
    const auto handshake = crypto::CallerHandshake::start(identity, crypto::system_rng());
    proto::CallOffer out;
    out.identity_pub = handshake.offer().identity_pub;
    out.ephemeral_pub = handshake.offer().ephemeral_pub;
    out.signature = handshake.offer().signature;
    out.features = {"stream-id"};
    send(out);
  }
  template <class Kind>
  [[nodiscard]] bool has() const {
    for (const auto& s : signals) {
      if (std::holds_alternative<Kind>(s)) return true;
    }
    return false;
  }
  /// Runs the loop until it is so, for ten seconds at most.
  template <class Condition>
  bool wait_for(Condition is_so) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
  }

 private:
  void take_events() {
    while (auto event = endpoint_.poll_event()) {
      if (std::holds_alternative<transport::Connected>(*event)) connected = true;
      if (auto* m = std::get_if<transport::MessageReceived>(&*event)) {
        signals.push_back(proto::parse_signal(m->bytes).value());
      }
      if (auto* gone = std::get_if<transport::ConnectionClosed>(&*event)) {
        closed = true;
        close_reason = gone->reason;
      }
    }
  }
  boost::asio::io_context& io_;

 public:
  crypto::Identity identity;
  bool connected = false;
  bool closed = false;
  std::string close_reason;
  std::vector<proto::Signal> signals;

 private:
  transport::Endpoint endpoint_;
  transport::UdpDriver driver_;
  transport::ConnectionHandle connection_;
};

}  // namespace wzp::gateway::test
