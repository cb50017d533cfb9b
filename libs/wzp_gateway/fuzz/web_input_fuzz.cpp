// What browsers, operators and authentication services can send: none of it may crash, and what is
// accepted keeps the promises of its parser.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "auth_client.hpp"
#include "http_message.hpp"
#include "http_url.hpp"
#include "web_session.hpp"

using namespace wzp::gateway;

namespace {

void require(bool is_so) {
  if (!is_so) std::abort();
}

void check_room(std::string_view target) {
  const auto room = room_of_target(target);
  if (!room) return;
  require(room->size() == 32);
  require(room->find_first_not_of("0123456789abcdef") == std::string::npos);
}

void check_url(std::string_view text) {
  const auto url = HttpUrl::parse(text);
  if (!url) return;
  require(!url->host.empty() && url->port != 0 && url->target.starts_with('/'));
  const auto again =
      HttpUrl::parse((url->is_https ? "https://" : "http://") + url->authority() + url->target);
  require(again && again->host == url->host && again->port == url->port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string decoded;
  if (percent_decode(text, decoded)) {
    require(decoded.size() <= text.size());
    require(text.find('\0') != std::string_view::npos || decoded.find('\0') == std::string::npos);
  }
  check_room(text);
  check_room("/ws/" + std::string(text));
  check_url(text);
  static_cast<void>(read_auth_message(text));
  const AuthAnswer answer = read_auth_answer(200, text);
  const bool accepted = answer.verdict.kind == wzp::relay::TokenVerdict::Kind::kAccepted;
  require(accepted == answer.verdict.why.empty());
  require(!answer.verdict.alias || answer.verdict.alias->size() <= 64);
  return 0;
}
