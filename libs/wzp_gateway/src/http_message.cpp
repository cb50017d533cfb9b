#include "http_message.hpp"

namespace wzp::gateway {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

HttpReply text_reply(unsigned status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::make_shared<const std::string>(std::move(body));
  return reply;
}

HttpReply json_reply(unsigned status, std::string body) {
  HttpReply reply = text_reply(status, std::move(body));
  reply.content_type = "application/json";
  return reply;
}

bool is_read_only(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

HttpReply method_not_allowed() {
  HttpReply reply = text_reply(405, "only GET and HEAD\n");
  reply.allow = "GET, HEAD";
  return reply;
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

bool percent_decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

}  // namespace wzp::gateway
