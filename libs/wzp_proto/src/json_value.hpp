// A JSON text as a tree, parsed with limits. Keeps what the signal rules must tell apart: integers
// from floats, negative from unsigned, and refuses duplicate members.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/errc.hpp"

namespace wzp::proto::json {

struct Member;
struct Value;

struct Null {};
/// An integer below zero, or written with a minus sign.
struct Negative {
  std::int64_t value;
};
using Array = std::vector<Value>;
using Object = std::vector<Member>;

struct Value {
  std::variant<Null, bool, std::uint64_t, Negative, double, std::string, Array, Object> v;

  template <class T>
  [[nodiscard]] const T* as() const noexcept {
    return std::get_if<T>(&v);
  }
  [[nodiscard]] bool is_null() const noexcept { return as<Null>() != nullptr; }
};

struct Member {
  std::string name;
  Value value;
};

[[nodiscard]] const Value* find(const Object& object, std::string_view name) noexcept;

struct Limits {
  std::size_t depth;
  std::size_t values;
  std::size_t members;
};

/// One JSON text, strict (RFC 8259, UTF-8 without byte order mark, nothing behind it).
/// Errors: kNotJson, kTooDeep, kTooMany, kDuplicateField.
[[nodiscard]] Result<Value> parse(ByteView text, const Limits& limits);

}  // namespace wzp::proto::json
