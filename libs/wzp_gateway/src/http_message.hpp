/// \file
/// Requests and replies as pages see them: no socket, no HTTP library.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "wzp/transport/socket_address.hpp"

namespace wzp::gateway {

/// Views are valid during the call only.
struct HttpRequest {
  std::string_view method;
  std::string_view target;  ///< As sent: percent-encoded, with its query.
  std::string_view if_none_match;
  transport::SocketAddress remote;
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body;  ///< Shared: a file is not copied for each request.
  std::string etag;                         ///< With its quotes; empty: none.
  std::string allow;                        ///< For status 405.
};

using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

[[nodiscard]] HttpReply text_reply(unsigned status, std::string body);
[[nodiscard]] HttpReply json_reply(unsigned status, std::string body);
/// 405 for anything but GET and HEAD.
[[nodiscard]] bool is_read_only(const HttpRequest& request);
[[nodiscard]] HttpReply method_not_allowed();

/// The part of a target before '?', as it was sent.
[[nodiscard]] std::string_view path_of(std::string_view target);
/// "%41" becomes "A". Returns false for a '%' without two hex digits, and for zero bytes.
[[nodiscard]] bool percent_decode(std::string_view text, std::string& out);

}  // namespace wzp::gateway
