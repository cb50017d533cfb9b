// The WebSocket port with a certificate of its own.
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <filesystem>
#include <fstream>

#include "live_relay.hpp"
#include "wzp/transport/certificate.hpp"

using namespace wzp;
using namespace wzp::gateway;
using namespace wzp::gateway::test;
namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

/// Certificate and key as files.
struct Pem {
  explicit Pem(const char* name)
      : folder(std::filesystem::temp_directory_path() /
               ("wzp-web-tls-" + std::string(name) + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder);
    const auto made = transport::make_self_signed_certificate(name);
    std::ofstream(folder / "cert.pem") << made.certificate_pem;
    std::ofstream(folder / "key.pem") << made.key_pem;
    config = both_ports();
    config.ws_address = "127.0.0.1";
    config.tls_cert = (folder / "cert.pem").string();
    config.tls_key = (folder / "key.pem").string();
  }
  ~Pem() { std::filesystem::remove_all(folder); }
  Pem(const Pem&) = delete;
  Pem& operator=(const Pem&) = delete;
  std::filesystem::path folder;
  relay::WebConfig config;
};

struct SecureClient {
  explicit SecureClient(std::uint16_t port) : tls(asio::ssl::context::tls_client), stream(io, tls) {
    auto& socket = beast::get_lowest_layer(stream);
    socket.connect(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
    stream.next_layer().handshake(asio::ssl::stream_base::client);
    stream.handshake("test", "/ws/test");
  }
  std::string read() {
    beast::flat_buffer buffer;
    stream.read(buffer);
    return beast::buffers_to_string(buffer.data());
  }
  std::string certificate_name() {
    X509* shown = SSL_get1_peer_certificate(stream.next_layer().native_handle());
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
    X509_free(shown);
    return name;
  }
  asio::io_context io;
  asio::ssl::context tls;
  beast::websocket::stream<beast::ssl_stream<beast::tcp_stream>> stream;
};

}  // namespace

TEST_CASE("over TLS a browser is heard and hears, and a reload changes the certificate") {
  const Pem first("first.test");
  const Pem second("second.test");
  LiveRelay relay(first.config);
  SecureClient speaker(relay.web_port);
  CHECK(speaker.read() == R"({"type":"auth_ok"})");
  CHECK(speaker.certificate_name() == "first.test");

  REQUIRE(relay.reload(second.config));
  SecureClient listener(relay.web_port);
  CHECK(listener.certificate_name() == "second.test");
  CHECK(listener.read() == R"({"type":"auth_ok"})");
  // The older connection goes on with the certificate it has.
  speaker.stream.binary(true);
  const std::string frame(1920, '\x10');
  for (int i = 0; i < 10; ++i) speaker.stream.write(asio::buffer(frame));
  CHECK(listener.read().size() == 1920);
  listener.stream.close(beast::websocket::close_code::normal);
}

TEST_CASE("certificates and keys that do not fit are refused, also while running") {
  const Pem first("first.test");
  const Pem second("second.test");
  relay::WebConfig mixed = first.config;
  mixed.tls_key = second.config.tls_key;
  const auto refused = check(mixed);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().starts_with("tls_key: cannot use "));
  CHECK(refused.error().find("mismatch") != std::string::npos);
  LiveRelay relay(first.config);
  CHECK_FALSE(relay.reload(mixed));
  relay::WebConfig none = first.config;
  none.tls_cert.clear();
  none.tls_key.clear();
  CHECK_FALSE(relay.reload(none));  // plain where there was TLS
  SecureClient client(relay.web_port);
  CHECK(client.certificate_name() == "first.test");
}
