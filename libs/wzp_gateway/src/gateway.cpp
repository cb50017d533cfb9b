#include "wzp/gateway/gateway.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <utility>

#include "admin_pages.hpp"
#include "auth_client.hpp"
#include "gateway_metrics.hpp"
#include "http_server.hpp"
#include "static_files.hpp"
#include "tcp_address.hpp"
#include "tls_files.hpp"
#include "web_session.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace wzp::gateway {
namespace {

namespace asio = boost::asio;
using transport::SocketAddress;

constexpr std::chrono::seconds kMostBehind{1};

Expected<SocketAddress, std::string> address_of(std::string_view key, const std::string& text,
                                                std::uint16_t port) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(text, error);
  if (error) {
    return Unexpected(std::string(key) + ": expected an IP address, got \"" + text + "\"");
  }
  return from_tcp_endpoint({ip, port});
}

std::string web_host(const relay::WebConfig& config) {
  if (!config.ws_address.empty()) return config.ws_address;
  return config.tls_cert.empty() ? "127.0.0.1" : "0.0.0.0";
}

HttpLimits limits_of(const relay::WebConfig& config) {
  HttpLimits limits;
  limits.connections = config.http_connections;
  limits.connections_per_address = config.http_connections_per_address;
  limits.timeout = config.http_timeout;
  return limits;
}

Expected<StaticFiles, std::string> files_of(const relay::WebConfig& config) {
  if (config.static_dir.empty()) return StaticFiles();
  return StaticFiles::load(config.static_dir);
}

}  // namespace

GatewayResult check(const relay::WebConfig& config) {
  if (auto address = address_of("metrics_address", config.metrics_address, 0); !address) {
    return Unexpected(address.error());
  }
  if (auto address = address_of("ws_address", web_host(config), 0); !address) {
    return Unexpected(address.error());
  }
  if (auto tls = load_server_tls(config); !tls) return Unexpected(tls.error());
  if (auto files = files_of(config); !files) return Unexpected(files.error());
  if (config.auth.url.empty()) return {};
  try {
    asio::io_context io;
    const AuthClient client(io, config.auth);
  } catch (const std::exception& e) {
    return Unexpected(e.what());
  }
  return {};
}

class Gateway::Impl {
 public:
  Impl(asio::io_context& io, relay::Relay& relay, Rng& rng, GatewayOptions options)
      : io_(io),
        relay_(relay),
        options_(std::move(options)),
        pages_(relay, options_.own_address, [this] { return all_metrics(); }),
        tick_(io),
        context_{io,
                 relay,
                 rng,
                 nullptr,
                 options_.config.http_timeout,
                 counters_,
                 options_.wake ? options_.wake : [] {},
                 [this](std::uint64_t number) { end_soon(number); }} {}
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  GatewayResult start() {
    const relay::WebConfig& config = options_.config;
    if (auto fine = check(config); !fine) return fine;
    if (!config.auth.url.empty()) {
      auth_ = std::make_unique<AuthClient>(io_, config.auth);
      context_.auth = auth_.get();
    }
    files_ = *files_of(config);
    if (config.metrics_port) {
      if (auto opened = open_admin(); !opened) return opened;
    }
    if (config.ws_port) return open_web();
    return {};
  }

  void handle_turn(Instant) {
    while (auto question = relay_.poll_token_check()) ask(std::move(*question));
  }

  GatewayResult reload(const relay::WebConfig& config) {
    auto tls = load_server_tls(config);
    if (!tls) return Unexpected(tls.error());
    if ((*tls != nullptr) != has_tls_) {
      return Unexpected(std::string("tls_cert: TLS cannot be turned on or off while running"));
    }
    auto files = files_of(config);
    if (!files) return Unexpected(files.error());
    files_ = std::move(*files);
    options_.config = config;
    context_.auth_timeout = config.http_timeout;
    if (admin_) admin_->set_limits(limits_of(config));
    if (web_) web_->set_limits(limits_of(config));
    if (web_) web_->set_tls(*tls);
    return {};
  }

  void stop() {
    tick_.cancel();
    is_ticking_ = false;
    sessions_.clear();
    if (auth_) auth_->stop();
    if (admin_) admin_->stop();
    if (web_) web_->stop();
    *alive_ = false;
  }

  [[nodiscard]] SocketAddress admin_address() const {
    return admin_ ? admin_->local_address() : SocketAddress();
  }
  [[nodiscard]] SocketAddress web_address() const {
    return web_ ? web_->local_address() : SocketAddress();
  }
  [[nodiscard]] bool has_tls() const noexcept { return has_tls_; }

  [[nodiscard]] std::string all_metrics() const {
    return metrics() + (options_.more_metrics ? options_.more_metrics() : std::string());
  }

  [[nodiscard]] std::string metrics() const {
    GatewayNumbers numbers;
    numbers.web = counters_;
    numbers.active = sessions_.size();
    if (admin_) numbers.admin_http = admin_->counters();
    if (web_) numbers.web_http = web_->counters();
    if (auth_) numbers.auth = auth_->counters();
    numbers.auth_breaker_open = auth_ && auth_->is_breaker_open();
    for (const auto& [number, session] : sessions_) {
      if (!session->is_in_room()) continue;
      const PcmBridgeCounters counted = session->bridge().counters();
      numbers.sessions.push_back({session->session_id(), session->bridge().buffer_depth(),
                                  counted.underruns, counted.overruns});
    }
    return gateway_metrics(numbers);
  }

 private:
  GatewayResult open_admin() {
    const relay::WebConfig& config = options_.config;
    const auto address =
        address_of("metrics_address", config.metrics_address, *config.metrics_port);
    HttpService service;
    service.respond = [this](const HttpRequest& request) { return pages_.respond(request); };
    auto opened = HttpServer::open(io_, *address, limits_of(config), std::move(service), nullptr);
    if (!opened) return Unexpected("metrics_port: " + opened.error());
    admin_ = std::move(*opened);
    return {};
  }

  GatewayResult open_web() {
    const relay::WebConfig& config = options_.config;
    const auto address = address_of("ws_address", web_host(config), *config.ws_port);
    auto tls = load_server_tls(config);
    if (!tls) return Unexpected(tls.error());
    has_tls_ = *tls != nullptr;
    HttpService service;
    service.respond = [this](const HttpRequest& request) {
      if (room_of_target(request.target)) return text_reply(426, "this is for WebSockets\n");
      return files_.respond(request);
    };
    service.before_upgrade = [this](const HttpRequest& request) { return may_upgrade(request); };
    service.on_web_socket = [this](std::shared_ptr<WebSocket> socket, const std::string& target) {
      add_session(std::move(socket), target);
    };
    auto opened = HttpServer::open(io_, *address, limits_of(config), std::move(service), *tls);
    if (!opened) return Unexpected("ws_port: " + opened.error());
    web_ = std::move(*opened);
    return {};
  }

  HttpReply may_upgrade(const HttpRequest& request) {
    if (!room_of_target(request.target)) return text_reply(404, "not found\n");
    if (relay_.is_draining()) return text_reply(503, "relay is shutting down\n");
    if (sessions_.size() >= options_.config.ws_sessions) return text_reply(503, "full\n");
    HttpReply yes;
    yes.status = 101;
    return yes;
  }

  void add_session(std::shared_ptr<WebSocket> socket, const std::string& target) {
    const std::uint64_t number = ++last_session_;
    auto session = std::make_unique<WebSession>(context_, number, std::move(socket),
                                                room_of_target(target).value());
    WebSession& added = *session;
    sessions_.emplace(number, std::move(session));
    added.start();
    start_ticking();
  }

  /// Not at once: the session itself is asking.
  void end_soon(std::uint64_t number) {
    asio::post(io_, [this, alive = alive_, number] {
      if (*alive) sessions_.erase(number);
    });
  }

  void ask(relay::TokenCheck question) {
    if (!auth_) return;  // nobody set require_token, or its time limit will tell
    const std::string token = std::exchange(question.token, {});
    auth_->check(token, [this, question](const relay::TokenVerdict& verdict) {
      relay_.handle_token_verdict(question, verdict, transport::UdpDriver::now());
      context_.wake();
    });
  }

  // -- The clock of all sessions -----------------------------------------------------------------

  void start_ticking() {
    if (std::exchange(is_ticking_, true)) return;
    next_tick_ = transport::UdpDriver::now();
    wait_for_tick();
  }

  void wait_for_tick() {
    next_tick_ += client::kTick;
    tick_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(next_tick_));
    tick_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
      if (!error && *alive && is_ticking_) on_tick();
    });
  }

  void on_tick() {
    const Instant now = transport::UdpDriver::now();
    if (sessions_.empty()) {
      is_ticking_ = false;
      return;
    }
    if (now - next_tick_ > kMostBehind) next_tick_ = now;
    for (const auto& [number, session] : sessions_) session->tick(now);
    context_.wake();
    wait_for_tick();
  }

  asio::io_context& io_;
  relay::Relay& relay_;
  GatewayOptions options_;
  AdminPages pages_;
  StaticFiles files_;
  WebCounters counters_;
  std::unique_ptr<AuthClient> auth_;
  std::unique_ptr<HttpServer> admin_;
  std::unique_ptr<HttpServer> web_;
  bool has_tls_ = false;
  asio::steady_timer tick_;
  Instant next_tick_{};
  bool is_ticking_ = false;
  WebSessionContext context_;
  std::uint64_t last_session_ = 0;
  std::map<std::uint64_t, std::unique_ptr<WebSession>> sessions_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what runs later
};

Gateway::Gateway(asio::io_context& io, relay::Relay& relay, Rng& rng, GatewayOptions options)
    : impl_(std::make_unique<Impl>(io, relay, rng, std::move(options))) {}
Gateway::~Gateway() = default;

GatewayResult Gateway::start() { return impl_->start(); }
void Gateway::handle_turn(Instant now) { impl_->handle_turn(now); }
GatewayResult Gateway::reload(const relay::WebConfig& config) { return impl_->reload(config); }
void Gateway::stop() { impl_->stop(); }
SocketAddress Gateway::admin_address() const { return impl_->admin_address(); }
SocketAddress Gateway::web_address() const { return impl_->web_address(); }
bool Gateway::web_has_tls() const noexcept { return impl_->has_tls(); }
std::string Gateway::metrics() const { return impl_->metrics(); }

}  // namespace wzp::gateway
