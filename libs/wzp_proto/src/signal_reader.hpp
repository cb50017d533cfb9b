// Fills signal structs from a JSON tree.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "json_value.hpp"
#include "signal_fields.hpp"

namespace wzp::proto {

/// The first thing that was wrong.
struct ReadFailure {
  Errc error;
  std::string detail;
};

/// Reads one struct, given as an object or in positional form as a list. All reads may be made
/// without checking; the first failure sticks.
class StructReader {
 public:
  StructReader(const json::Value& value, std::optional<ReadFailure>& failure);

  template <class T>
  void field(std::string_view name, T&& out) {
    if (const json::Value* value = next(name, true)) read(name, *value, out);
  }
  template <class T>
  void nullable(std::string_view name, std::optional<T>& out) {
    const json::Value* value = next(name, false);
    if (value == nullptr || value->is_null()) return;
    read(name, *value, out.emplace());
  }
  template <class T>
  void extra(std::string_view name, T&& out) {
    const json::Value* value = extension(name);
    if (value != nullptr && !value->is_null()) read(name, *value, out);
  }
  void profiles(std::string_view name, std::vector<QualityProfile>& out, std::uint32_t& skipped);
  void status_kind(std::string_view name, Status& out);

  /// The positional form must have exactly as many elements as were read.
  void finish();

 private:
  const json::Value* next(std::string_view name, bool required);
  [[nodiscard]] const json::Value* extension(std::string_view name) const;
  void fail(Errc error, std::string_view name, std::string_view expected);

  template <std::unsigned_integral U>
  void read(std::string_view name, const json::Value& value, U& out) {
    out = static_cast<U>(integer(name, value, std::numeric_limits<U>::max()));
  }
  template <class T>
  void read(std::string_view name, const json::Value& value, std::optional<T>& out) {
    read(name, value, out.emplace());
  }
  template <class T>
  void read(std::string_view name, const json::Value& value, std::vector<T>& out) {
    const auto* list = value.as<json::Array>();
    if (list == nullptr) return fail(Errc::kWrongType, name, "a list");
    out.resize(list->size());
    for (std::size_t i = 0; i < out.size() && !failure_; ++i) read(name, (*list)[i], out[i]);
  }
  template <class T>
  requires requires(StructReader& r, T& t) { describe(r, t); }
  void read(std::string_view name, const json::Value& value, T& out) {
    read_struct(name, value, out);
  }
  template <class T>
  void read_struct(std::string_view name, const json::Value& value, T& out) {
    if (!is_struct(value)) return fail(Errc::kWrongType, name, "an object");
    StructReader inner(value, failure_);
    describe(inner, out);
    inner.finish();
  }
  template <class B>
  void read(std::string_view name, const json::Value& value, Base64<B>& out) {
    read_base64(name, value, out.min_size, out.max_size, out.bytes);
  }
  void read(std::string_view name, const json::Value& value, bool& out);
  void read(std::string_view name, const json::Value& value, float& out);
  void read(std::string_view name, const json::Value& value, std::string& out);
  void read(std::string_view name, const json::Value& value, std::vector<std::string>& out);
  void read(std::string_view name, const json::Value& value, Bytes32& out);
  void read(std::string_view name, const json::Value& value, Bytes& out);
  void read(std::string_view name, const json::Value& value, StreamId& out);
  void read(std::string_view name, const json::Value& value, CodecId& out);
  void read(std::string_view name, const json::Value& value, HangupReason& out);
  void read_base64(std::string_view name, const json::Value& value, std::size_t min_size,
                   std::size_t max_size, Bytes& out);
  void read_base64(std::string_view name, const json::Value& value, std::size_t min_size,
                   std::size_t max_size, Bytes32& out);
  std::uint64_t integer(std::string_view name, const json::Value& value, std::uint64_t max);
  std::string_view enum_name(std::string_view name, const json::Value& value);
  static bool is_struct(const json::Value& value);

  const json::Object* object_;
  const json::Array* list_;
  std::size_t index_ = 0;
  std::optional<ReadFailure>& failure_;
};

}  // namespace wzp::proto
