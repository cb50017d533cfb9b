/// \file
/// What an operator and a monitoring system can read.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http_message.hpp"
#include "wzp/relay/relay.hpp"

namespace wzp::gateway {

/// The pages of the administration port. Reads the relay, changes nothing.
class AdminPages {
 public:
  /// `own_address` is the first hop of every route. `more_metrics` is put behind the relay's own.
  AdminPages(const relay::Relay& relay, std::string own_address,
             std::function<std::string()> more_metrics);

  [[nodiscard]] HttpReply respond(const HttpRequest& request) const;

 private:
  [[nodiscard]] HttpReply metrics() const;
  [[nodiscard]] HttpReply rooms() const;
  [[nodiscard]] HttpReply presence() const;
  [[nodiscard]] HttpReply presence_of(std::string_view fingerprint) const;
  [[nodiscard]] HttpReply route_to(std::string_view fingerprint) const;
  [[nodiscard]] bool is_here(std::string_view fingerprint) const;

  const relay::Relay& relay_;
  std::string own_address_;
  std::function<std::string()> more_metrics_;
};

}  // namespace wzp::gateway
