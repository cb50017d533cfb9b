/// \file
/// A native client in a call with a real relay.
#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>

#include "wzp/client/call.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/transport/asio_core_loop.hpp"

namespace wzp::gateway::test {

struct HeardSink final : client::AudioSink {
  void play(client::PcmView mixed, Instant) override {
    heard.insert(heard.end(), mixed.begin(), mixed.end());
  }
  std::vector<std::int16_t> heard;
};

class QuicTestClient {
 public:
  QuicTestClient(boost::asio::io_context& io, std::uint16_t port, const std::string& server_name,
                 std::vector<std::int16_t> speech, bool plain_reference_client = false)
      : identity_(crypto::Identity::ephemeral(crypto::system_rng())),
        source_(std::move(speech)),
        endpoint_(transport::EndpointConfig::for_client(), transport::TlsContext::make_client(),
                  crypto::system_rng()),
        driver_(transport::UdpDriver::open(io, endpoint_,
                                           {.listen = transport::SocketAddress::loopback_ipv4(0)})
                    .value()),
        call(endpoint_, identity_, crypto::system_rng(),
             options(server_name, plain_reference_client), &source_, sink),
        loop_(io, driver_, [this](Instant now) {
          call.handle_turn(now);
          driver_.flush_now();
          return call.next_deadline();
        }) {
    call.start(transport::SocketAddress::loopback_ipv4(port), transport::UdpDriver::now());
    driver_.wake();
  }
  QuicTestClient(const QuicTestClient&) = delete;
  QuicTestClient& operator=(const QuicTestClient&) = delete;

 private:
  static client::CallOptions options(const std::string& server_name, bool plain) {
    client::CallOptions out;
    out.server_name = server_name;
    out.plain_reference_client = plain;
    out.allow_unencrypted_peers = !plain;  // a browser hears what the relay hears
    return out;
  }

 public:
  HeardSink sink;

 private:
  crypto::Identity identity_;
  client::PcmSource source_;
  transport::Endpoint endpoint_;
  transport::UdpDriver driver_;

 public:
  client::Call call;

 private:
  transport::AsioCoreLoop loop_;
};

}  // namespace wzp::gateway::test
