#include "wzp/proto/featherchat.hpp"

#include "json_writer.hpp"
#include "signal_tree.hpp"

namespace wzp::proto {
namespace {

// A text, null, or missing; false if it is anything else.
bool read_optional(const json::Object& object, std::string_view name,
                   std::optional<std::string>& out) {
  const json::Value* value = json::find(object, name);
  if (value == nullptr || value->is_null()) return true;
  const auto* text = value->as<std::string>();
  if (text != nullptr) out = *text;
  return text != nullptr;
}

void append_optional(std::string& out, std::string_view name,
                     const std::optional<std::string>& value) {
  out += ',';
  json::append_string(out, name);
  out += ':';
  if (value) {
    json::append_string(out, *value);
  } else {
    out += "null";
  }
}

}  // namespace

Result<FeatherChatPayload> parse_featherchat_payload(ByteView text) {
  if (text.size() > kMaxSignalBytes) return Unexpected(Errc::kTooLong);
  const auto root = json::parse(text, kSignalLimits);
  if (!root) return Unexpected(root.error());
  const auto* object = root->as<json::Object>();
  if (object == nullptr) return Unexpected(Errc::kWrongShape);
  const json::Value* inner = json::find(*object, "signal");
  if (inner == nullptr) return Unexpected(Errc::kMissingField);
  auto signal = signal_from_tree(*inner, {}, nullptr);
  if (!signal) return Unexpected(signal.error());
  if (std::holds_alternative<UnknownSignal>(*signal)) return Unexpected(Errc::kUnknownName);
  FeatherChatPayload payload{std::move(*signal), std::nullopt, std::nullopt};
  if (!read_optional(*object, "relay_addr", payload.relay_addr) ||
      !read_optional(*object, "room", payload.room)) {
    return Unexpected(Errc::kWrongType);
  }
  return payload;
}

std::string write_featherchat_payload(const FeatherChatPayload& payload) {
  std::string out = "{\"signal\":" + write_signal(payload.signal);
  append_optional(out, "relay_addr", payload.relay_addr);
  append_optional(out, "room", payload.room);
  out += '}';
  return out;
}

std::optional<std::string_view> featherchat_signal_type(const Signal& signal) noexcept {
  if (std::holds_alternative<CallOffer>(signal)) return "Offer";
  if (std::holds_alternative<CallAnswer>(signal)) return "Answer";
  const bool same_name =
      std::holds_alternative<IceCandidate>(signal) || std::holds_alternative<Hangup>(signal) ||
      std::holds_alternative<Hold>(signal) || std::holds_alternative<Unhold>(signal) ||
      std::holds_alternative<Mute>(signal) || std::holds_alternative<Unmute>(signal) ||
      std::holds_alternative<Transfer>(signal);
  if (!same_name) return std::nullopt;
  return signal_name(signal);
}

}  // namespace wzp::proto
