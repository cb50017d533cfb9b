#include "http_url.hpp"

#include <algorithm>
#include <charconv>

namespace wzp::gateway {
namespace {

Unexpected<std::string> bad(std::string_view url) {
  return Unexpected("expected http://host[:port]/path or https://..., got \"" + std::string(url) +
                    "\"");
}

bool is_plain(char c) { return c > ' ' && c < 0x7f && c != '@' && c != '#' && c != '\\'; }

bool parse_port(std::string_view text, std::uint16_t& port) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  return !text.empty() && error == std::errc{} && stop == end && port != 0;
}

}  // namespace

std::string HttpUrl::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  std::string out = is_ipv6 ? '[' + host + ']' : host;
  if (port != (is_https ? 443 : 80)) out += ':' + std::to_string(port);
  return out;
}

Expected<HttpUrl, std::string> HttpUrl::parse(std::string_view text) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  HttpUrl url;
  url.is_https = text.starts_with(kHttps);
  if (!url.is_https && !text.starts_with(kHttp)) return bad(text);
  if (!std::all_of(text.begin(), text.end(), is_plain)) return bad(text);
  std::string_view rest = text.substr(url.is_https ? kHttps.size() : kHttp.size());
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  url.target = std::string(rest.substr(slash));
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  rest = rest.substr(0, slash);
  url.port = url.is_https ? 443 : 80;

  const bool is_ipv6 = rest.starts_with('[');
  const std::size_t host_end = is_ipv6 ? rest.find(']') : std::min(rest.find(':'), rest.size());
  if (host_end == std::string_view::npos) return bad(text);
  url.host = std::string(is_ipv6 ? rest.substr(1, host_end - 1) : rest.substr(0, host_end));
  rest = rest.substr(host_end + (is_ipv6 ? 1 : 0));
  if (url.host.empty()) return bad(text);
  if (!rest.empty() && (rest[0] != ':' || !parse_port(rest.substr(1), url.port))) return bad(text);
  return url;
}

}  // namespace wzp::gateway
