// Questions to the authentication service: cache, breaker, queue; auth_connection.cpp speaks HTTP.
#include "auth_client.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "auth_connection.hpp"
#include "circuit_breaker.hpp"
#include "token_cache.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace wzp::gateway {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using Kind = relay::TokenVerdict::Kind;

constexpr std::size_t kMaxAlias = 64;

relay::TokenVerdict refused(Kind kind, std::string why) { return {kind, {}, {}, std::move(why)}; }

AuthAnswer unusable(std::string why) { return {refused(Kind::kUnavailable, std::move(why)), true}; }

const json* member(const json& object, const char* name, bool (json::*is)() const noexcept) {
  const auto found = object.find(name);
  return found != object.end() && ((*found).*is)() ? &*found : nullptr;
}

}  // namespace

AuthAnswer read_auth_answer(unsigned status, std::string_view body) {
  // A service may answer 4xx to a bad token. That is no fault of its own: whoever sends bad tokens
  // must not be able to open the breaker.
  if (status >= 400 && status < 500) {
    return {
        refused(Kind::kRejected, "the authentication service answered " + std::to_string(status)),
        false};
  }
  if (status < 200 || status > 299) {
    return unusable("the authentication service answered " + std::to_string(status));
  }
  const json answer = json::parse(body, nullptr, false);
  const json* valid = answer.is_object() ? member(answer, "valid", &json::is_boolean) : nullptr;
  if (valid == nullptr) return unusable("the authentication service's answer makes no sense");
  if (!valid->get<bool>()) return {refused(Kind::kRejected, "invalid token"), false};
  const json* text = member(answer, "fingerprint", &json::is_string);
  const auto owner =
      crypto::Fingerprint::parse(text != nullptr ? text->get<std::string>() : std::string());
  if (!owner) return {refused(Kind::kRejected, "fingerprint missing"), false};
  relay::TokenVerdict verdict{Kind::kAccepted, *owner, {}, {}};
  if (const json* alias = member(answer, "alias", &json::is_string)) {
    auto name = alias->get<std::string>();
    if (name.size() <= kMaxAlias) verdict.alias = std::move(name);
  }
  return {verdict, false};
}

class AuthClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, const relay::AuthConfig& config)
      : io_(io),
        config_(config),
        url_(parsed(config.url)),
        tls_(asio::ssl::context::tls_client),
        cache_(config.cache_ttl, config.cache_entries),
        breaker_(config.breaker_failures, config.breaker_pause) {
    boost::system::error_code error;
    if (config.ca_file.empty()) {
      tls_.set_default_verify_paths(error);
    } else {
      tls_.load_verify_file(config.ca_file, error);
    }
    if (error && url_.is_https) {
      throw std::runtime_error("auth_ca_file: cannot use \"" + config.ca_file +
                               "\": " + error.message());
    }
  }

  void check(const std::string& token, Done done) {
    const Instant now = transport::UdpDriver::now();
    if (token.size() > kMaxToken) {
      return answer_soon(std::move(done), refused(Kind::kRejected, "token too long"));
    }
    if (const auto* known = cache_.find(token, now)) {
      ++counters_.cache_hits;
      return answer_soon(std::move(done), *known);
    }
    if (under_way_.size() < kMaxUnderWay) {
      begin(token, std::move(done), now);
    } else if (waiting_.size() < kMaxWaiting) {
      waiting_.push_back({token, std::move(done), now});
    } else {
      answer_soon(std::move(done),
                  refused(Kind::kUnavailable, "the authentication service is too busy"));
    }
  }

  void stop() {
    is_stopped_ = true;
    waiting_.clear();
    idle_.clear();
    const auto all = under_way_;
    under_way_.clear();
    for (const auto& question : all) {
      question->timer.cancel();
      question->connection->cut();
      question->connection.reset();  // they hold each other
    }
  }

  [[nodiscard]] const AuthCounters& counters() const { return counters_; }
  [[nodiscard]] bool is_breaker_open() const { return breaker_.is_open(); }

 private:
  struct Waiting {
    std::string token;
    Done done;
    Instant since;
  };
  struct Question {
    explicit Question(asio::io_context& io) : timer(io) {}
    std::string token;
    Done done;
    asio::steady_timer timer;
    std::shared_ptr<AuthConnection> connection;
    bool is_reused = false;
  };
  using QuestionPtr = std::shared_ptr<Question>;

  static HttpUrl parsed(const std::string& text) {
    auto url = HttpUrl::parse(text);
    if (!url) throw std::runtime_error("auth_url: " + url.error());
    return *url;
  }

  void answer_soon(Done done, const relay::TokenVerdict& verdict) {
    asio::post(io_, [self = shared_from_this(), done = std::move(done), verdict] {
      if (!self->is_stopped_) self->answer(done, verdict);
    });
  }

  void answer(const Done& done, const relay::TokenVerdict& verdict) {
    switch (verdict.kind) {
      case Kind::kAccepted:
        ++counters_.accepted;
        break;
      case Kind::kRejected:
        ++counters_.rejected;
        break;
      case Kind::kUnavailable:
        ++counters_.unavailable;
        break;
    }
    done(verdict);
  }

  void begin(const std::string& token, Done done, Instant since) {
    if (!breaker_.allow(transport::UdpDriver::now())) {
      ++counters_.breaker_refusals;
      return answer_soon(std::move(done),
                         refused(Kind::kUnavailable, "the authentication service is down"));
    }
    auto question = std::make_shared<Question>(io_);
    question->token = token;
    question->done = std::move(done);
    under_way_.insert(question);
    question->timer.expires_at(
        std::chrono::time_point_cast<std::chrono::steady_clock::duration>(since + config_.timeout));
    question->timer.async_wait(
        [self = shared_from_this(), question](const boost::system::error_code& error) {
          if (!error) self->give_up(question);
        });
    ask(question);
  }

  void ask(const QuestionPtr& question) {
    question->is_reused = !idle_.empty();
    if (question->is_reused) {
      question->connection = std::move(idle_.back());
      idle_.pop_back();
    } else {
      ++counters_.connections;
      question->connection = make_auth_connection(io_, url_, tls_, kMaxAnswer);
    }
    ++counters_.requests;
    question->connection->post(
        json{{"token", question->token}}.dump(-1, ' ', false, json::error_handler_t::replace),
        [self = shared_from_this(), question](const AuthExchange& result) {
          self->on_exchange(question, result);
        });
  }

  void give_up(const QuestionPtr& question) {
    question->connection->cut();
    settle(question, unusable("the authentication service did not answer in time"));
  }

  void on_exchange(const QuestionPtr& question, const AuthExchange& result) {
    if (under_way_.count(question) == 0) return;  // given up
    if (!result.error.empty() && question->is_reused) {
      // The service may have closed a connection we had kept: that says nothing about it.
      idle_.clear();
      return ask(question);
    }
    if (!result.error.empty()) {
      return settle(question, unusable("the authentication service failed: " + result.error));
    }
    if (result.can_go_on && idle_.size() < kMaxUnderWay) idle_.push_back(question->connection);
    settle(question, read_auth_answer(result.status, result.body));
  }

  void settle(const QuestionPtr& question, const AuthAnswer& result) {
    if (under_way_.erase(question) == 0) return;
    question->timer.cancel();
    question->connection.reset();  // they hold each other
    const Instant now = transport::UdpDriver::now();
    result.is_failure ? breaker_.on_failure(now) : breaker_.on_success();
    if (result.verdict.kind == Kind::kAccepted) cache_.put(question->token, result.verdict, now);
    answer(question->done, result.verdict);
    next();
  }

  void next() {
    while (!waiting_.empty() && under_way_.size() < kMaxUnderWay && !is_stopped_) {
      Waiting first = std::move(waiting_.front());
      waiting_.pop_front();
      begin(first.token, std::move(first.done), first.since);
    }
  }

  asio::io_context& io_;
  relay::AuthConfig config_;
  HttpUrl url_;
  asio::ssl::context tls_;
  TokenCache cache_;
  CircuitBreaker breaker_;
  AuthCounters counters_;
  std::deque<Waiting> waiting_;
  std::set<QuestionPtr> under_way_;
  std::vector<std::shared_ptr<AuthConnection>> idle_;
  bool is_stopped_ = false;
};

AuthClient::AuthClient(asio::io_context& io, const relay::AuthConfig& config)
    : impl_(std::make_shared<Impl>(io, config)) {}
AuthClient::~AuthClient() { impl_->stop(); }
void AuthClient::check(const std::string& token, Done done) {
  impl_->check(token, std::move(done));
}
void AuthClient::stop() { impl_->stop(); }
const AuthCounters& AuthClient::counters() const noexcept { return impl_->counters(); }
bool AuthClient::is_breaker_open() const noexcept { return impl_->is_breaker_open(); }

}  // namespace wzp::gateway
