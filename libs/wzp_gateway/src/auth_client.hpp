/// \file
/// Asks an authentication service over HTTP whose token it is.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "wzp/proto/time.hpp"
#include "wzp/relay/token_check.hpp"
#include "wzp/relay/web_config.hpp"

namespace wzp::gateway {

struct AuthCounters {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t unavailable = 0;  ///< All causes: the service, the breaker, too many at once.
  std::uint64_t cache_hits = 0;   ///< Of accepted.
  std::uint64_t requests = 0;     ///< Sent.
  std::uint64_t connections = 0;  ///< Opened.
  std::uint64_t breaker_refusals = 0;
};

/// What the service answered: spec of the call is POST {"token": ...}, answered by a 2xx with
/// {"valid": bool, "fingerprint": text, "alias": text or null}.
struct AuthAnswer {
  relay::TokenVerdict verdict;
  bool is_failure = false;  ///< The service is not in order: counts for the breaker.
};
[[nodiscard]] AuthAnswer read_auth_answer(unsigned status, std::string_view body);

/// Keeps connections open and uses them again. Everything is bounded: 16 questions under way, 256
/// waiting, answers of 16 KiB. On the thread of the io_context.
class AuthClient {
 public:
  static constexpr std::size_t kMaxUnderWay = 16;
  static constexpr std::size_t kMaxWaiting = 256;
  static constexpr std::size_t kMaxToken = 4096;
  static constexpr std::uint64_t kMaxAnswer = 16 * 1024;

  using Done = std::function<void(const relay::TokenVerdict&)>;

  /// Throws std::runtime_error if the URL or the certificates cannot be used.
  AuthClient(boost::asio::io_context& io, const relay::AuthConfig& config);
  ~AuthClient();
  AuthClient(const AuthClient&) = delete;
  AuthClient& operator=(const AuthClient&) = delete;

  /// `done` is called once, never from inside this call; not at all after stop().
  void check(const std::string& token, Done done);
  void stop();
  [[nodiscard]] const AuthCounters& counters() const noexcept;
  [[nodiscard]] bool is_breaker_open() const noexcept;

  class Impl;

 private:
  std::shared_ptr<Impl> impl_;  // shared with what is under way
};

}  // namespace wzp::gateway
