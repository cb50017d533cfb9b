/// \file
/// A line of a log: an event with named values, for people or for programs.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "wzp/relay/export.hpp"

namespace wzp::relay {

enum class LogFormat : std::uint8_t {
  kText,  ///< joined room=general size=2 reason="went away"
  kJson,  ///< "event":"joined","room":"general","size":2 (without braces: time and level come
          ///< first)
};

/// Values may be a peer's: they can neither end the line nor look like another value.
///
///     LogLine(format, "joined").field("room", name).field("size", 2).text()
class WZP_RELAY_EXPORT LogLine {
 public:
  /// `phrase` is the event in words, where the text form has more than its name.
  LogLine(LogFormat format, std::string_view event, std::string_view phrase = {});
  LogLine& field(std::string_view key, std::string_view value);
  LogLine& field(std::string_view key, std::uint64_t value);
  /// In milliseconds, with three digits behind the point.
  LogLine& field(std::string_view key, std::chrono::nanoseconds value);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  void write_key(std::string_view key);

  LogFormat format_;
  std::string text_;
};

}  // namespace wzp::relay
