/// \file
/// One HTTP connection to an authentication service.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "http_url.hpp"

namespace wzp::gateway {

struct AuthExchange {
  std::string error;  ///< Empty: there is an answer.
  unsigned status = 0;
  std::string body;
  bool can_go_on = false;  ///< The connection may be used again.
};

/// Does one exchange after the other. Connects when it first must.
class AuthConnection {
 public:
  using Done = std::function<void(const AuthExchange&)>;
  virtual ~AuthConnection() = default;
  /// Posts JSON. `done` is called once.
  virtual void post(const std::string& body, Done done) = 0;
  /// Ends what is under way with an error.
  virtual void cut() = 0;
};

/// `tls` is used for https URLs only.
[[nodiscard]] std::shared_ptr<AuthConnection> make_auth_connection(boost::asio::io_context& io,
                                                                   const HttpUrl& url,
                                                                   boost::asio::ssl::context& tls,
                                                                   std::uint64_t max_answer);

}  // namespace wzp::gateway
