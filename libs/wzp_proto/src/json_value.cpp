#include "json_value.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace wzp::proto::json {
namespace {

// Receives the parser's events and builds the tree bottom-up. Every handler returns false to stop.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit TreeBuilder(const Limits& limits) : limits_(limits) {}

  bool null() override { return add({Null{}}); }
  bool boolean(bool value) override { return add({value}); }
  bool number_integer(number_integer_t value) override { return add({Negative{value}}); }
  bool number_unsigned(number_unsigned_t value) override { return add({std::uint64_t{value}}); }
  bool number_float(number_float_t value, const string_t&) override { return add({value}); }
  bool string(string_t& value) override { return add({std::move(value)}); }
  bool binary(binary_t&) override { return stop(Errc::kNotJson); }

  bool start_object(std::size_t) override { return open({Object{}}); }
  bool key(string_t& name) override {
    Object& members = *std::get_if<Object>(&open_.back().value.v);
    if (members.size() >= limits_.members) return stop(Errc::kTooMany);
    if (find(members, name) != nullptr) return stop(Errc::kDuplicateField);
    open_.back().key = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open({Array{}}); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return stop(Errc::kNotJson);
  }

  [[nodiscard]] Errc error() const { return error_.value_or(Errc::kNotJson); }
  [[nodiscard]] bool complete() const { return !error_ && root_.has_value(); }
  [[nodiscard]] Value take() { return std::move(*root_); }

 private:
  struct Open {
    Value value;
    std::string key;  // of the member being read, for objects
  };

  bool stop(Errc e) {
    if (!error_) error_ = e;
    return false;
  }
  bool add(Value value) {
    if (++values_ > limits_.values) return stop(Errc::kTooMany);
    place(std::move(value));
    return true;
  }
  bool open(Value value) {
    if (++values_ > limits_.values) return stop(Errc::kTooMany);
    if (open_.size() >= limits_.depth) return stop(Errc::kTooDeep);
    open_.push_back({std::move(value), {}});
    return true;
  }
  bool close() {
    Value done = std::move(open_.back().value);
    open_.pop_back();
    place(std::move(done));
    return true;
  }
  void place(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* array = std::get_if<Array>(&open_.back().value.v)) {
      array->push_back(std::move(value));
    } else {
      auto& object = *std::get_if<Object>(&open_.back().value.v);
      object.push_back({std::move(open_.back().key), std::move(value)});
    }
  }

  Limits limits_;
  std::size_t values_ = 0;
  std::vector<Open> open_;
  std::optional<Value> root_;
  std::optional<Errc> error_;
};

bool has_byte_order_mark(std::string_view text) { return text.substr(0, 3) == "\xEF\xBB\xBF"; }

}  // namespace

const Value* find(const Object& object, std::string_view name) noexcept {
  const auto it = std::find_if(object.begin(), object.end(),
                               [&](const Member& member) { return member.name == name; });
  return it == object.end() ? nullptr : &it->value;
}

Result<Value> parse(ByteView text, const Limits& limits) {
  const std::string_view chars = as_text(text);
  if (has_byte_order_mark(chars)) return Unexpected(Errc::kNotJson);
  TreeBuilder builder(limits);
  const bool ok = nlohmann::json::sax_parse(chars.begin(), chars.end(), &builder);
  if (!ok || !builder.complete()) return Unexpected(builder.error());
  return builder.take();
}

}  // namespace wzp::proto::json
