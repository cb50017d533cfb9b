// Writes signal structs as JSON objects.
#pragma once

#include <string>
#include <string_view>

#include "base64.hpp"
#include "json_writer.hpp"
#include "signal_fields.hpp"
#include "signal_names.hpp"

namespace wzp::proto {

class StructWriter {
 public:
  explicit StructWriter(std::string& out) : out_(out) { out_ += '{'; }
  void finish() { out_ += '}'; }

  template <class T>
  void field(std::string_view name, const T& value) {
    member(name);
    write(value);
  }
  template <class T>
  void nullable(std::string_view name, const std::optional<T>& value) {
    member(name);
    if (value) {
      write(*value);
    } else {
      out_ += "null";
    }
  }
  template <class T>
  void extra(std::string_view name, const T& value) {
    if (!absent(value)) field(name, value);
  }
  void profiles(std::string_view name, const std::vector<QualityProfile>& value, std::uint32_t) {
    field(name, value);
  }
  void status_kind(std::string_view name, const Status& status) {
    member(name);
    const auto index = static_cast<std::size_t>(status.kind);
    json::append_string(out_,
                        index < kStatusKindNames.size() ? kStatusKindNames[index] : status.name);
  }

 private:
  void member(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    json::append_string(out_, name);
    out_ += ':';
  }

  template <class T>
  static bool absent(const std::optional<T>& value) {
    return !value.has_value();
  }
  template <class T>
  static bool absent(const std::vector<T>& value) {
    return value.empty();
  }
  template <class B>
  static bool absent(const Base64<B>& value) {
    return value.bytes.empty();
  }

  void write(bool value) { out_ += value ? "true" : "false"; }
  void write(float value) { json::append_float(out_, value); }
  void write(const std::string& value) { json::append_string(out_, value); }
  void write(std::byte value) { json::append_integer(out_, std::to_integer<std::uint64_t>(value)); }
  void write(StreamId value) { json::append_integer(out_, value.value); }
  void write(CodecId value) { json::append_string(out_, name_of(value)); }
  void write(HangupReason value) {
    json::append_string(out_, kHangupReasonNames[static_cast<std::size_t>(value)]);
  }
  template <std::unsigned_integral U>
  requires(!std::same_as<U, bool>) void write(U value) { json::append_integer(out_, value); }
  template <class T>
  void write(const std::optional<T>& value) {
    write(*value);
  }
  template <class T>
  void write(const std::vector<T>& list) {
    write_list(list);
  }
  void write(const Bytes32& list) { write_list(list); }
  template <class B>
  void write(const Base64<B>& value) {
    out_ += '"';
    append_base64(out_, value.bytes);
    out_ += '"';
  }
  template <class T>
  requires requires(StructWriter& w, const T& t) { describe(w, t); }
  void write(const T& value) {
    StructWriter inner(out_);
    describe(inner, value);
    inner.finish();
  }
  template <class List>
  void write_list(const List& list) {
    out_ += '[';
    for (const auto& element : list) {
      if (out_.back() != '[') out_ += ',';
      write(element);
    }
    out_ += ']';
  }
  static std::string_view name_of(CodecId id) { return traits(id).name; }

  std::string& out_;
};

}  // namespace wzp::proto
