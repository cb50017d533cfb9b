#include "wzp/relay/log_line.hpp"

#include <algorithm>

#include "wzp/relay/json_text.hpp"

namespace wzp::relay {
namespace {

bool is_plain(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
  });
}

}  // namespace

LogLine::LogLine(LogFormat format, std::string_view event, std::string_view phrase)
    : format_(format) {
  if (format_ == LogFormat::kJson) {
    text_ = "\"event\":" + json_text(event);
  } else {
    text_ = phrase.empty() ? event : phrase;
  }
}

void LogLine::write_key(std::string_view key) {
  if (format_ == LogFormat::kJson) {
    text_ += ',' + json_text(key) + ':';
  } else {
    text_ += ' ' + std::string(key) + '=';
  }
}

LogLine& LogLine::field(std::string_view key, std::string_view value) {
  write_key(key);
  text_ += format_ == LogFormat::kText && is_plain(value) ? std::string(value) : json_text(value);
  return *this;
}

LogLine& LogLine::field(std::string_view key, std::uint64_t value) {
  write_key(key);
  text_ += std::to_string(value);
  return *this;
}

LogLine& LogLine::field(std::string_view key, std::chrono::nanoseconds value) {
  write_key(key);
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(value).count();
  const std::string digits = std::to_string(us % 1000);
  text_ += std::to_string(us / 1000) + '.' + std::string(3 - digits.size(), '0') + digits;
  return *this;
}

}  // namespace wzp::relay
