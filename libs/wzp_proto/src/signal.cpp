#include "wzp/proto/signal.hpp"

#include <algorithm>
#include <utility>

#include "signal_names.hpp"
#include "signal_reader.hpp"
#include "signal_tree.hpp"
#include "signal_writer.hpp"

namespace wzp::proto {
namespace {

using Failure = std::optional<ReadFailure>;
using Parser = Signal (*)(const json::Value* content, Failure& failure);

// `content` is what stands under the message's name, null for a bare name.
template <class T>
Signal parse_as(const json::Value* content, Failure& failure) {
  T signal{};
  if constexpr (std::is_empty_v<T>) {
    if (content != nullptr && !content->is_null()) {
      failure = ReadFailure{Errc::kWrongShape, "this message has no members"};
    }
  } else {
    const bool structured = content != nullptr && (content->as<json::Object>() != nullptr ||
                                                   content->as<json::Array>() != nullptr);
    if (structured) {
      StructReader reader(*content, failure);
      describe(reader, signal);
      reader.finish();
    } else {
      failure = ReadFailure{Errc::kWrongShape, "this message has members"};
    }
  }
  return signal;
}

template <std::size_t... I>
constexpr auto make_parsers(std::index_sequence<I...>) {
  return std::array<Parser, sizeof...(I)>{&parse_as<std::variant_alternative_t<I, Signal>>...};
}
constexpr auto kParsers = make_parsers(std::make_index_sequence<kSignalNames.size()>());

// Name and content of a message: "Hold", or {"Ping": ...}.
struct Tagged {
  std::string_view name;
  const json::Value* content;
};

std::optional<Tagged> untag(const json::Value& root) {
  if (const auto* text = root.as<std::string>()) return Tagged{*text, nullptr};
  const auto* object = root.as<json::Object>();
  if (object == nullptr || object->size() != 1) return std::nullopt;
  return Tagged{object->front().name, &object->front().value};
}

void explain(std::string* detail, std::string_view what) {
  if (detail != nullptr) *detail = what;
}

Unexpected<Errc> refuse(std::string* detail, Errc error, std::string_view what) {
  explain(detail, what);
  return Unexpected(error);
}

}  // namespace

Result<Signal> signal_from_tree(const json::Value& root, std::string_view text,
                                std::string* detail) {
  const auto tagged = untag(root);
  if (!tagged) return refuse(detail, Errc::kWrongShape, message(Errc::kWrongShape));
  const auto* known = std::find(kSignalNames.begin(), kSignalNames.end(), tagged->name);
  if (known == kSignalNames.end()) {
    return Signal(UnknownSignal{std::string(tagged->name), std::string(text)});
  }
  const auto index = static_cast<std::size_t>(known - kSignalNames.begin());
  Failure failure;
  Signal signal = kParsers[index](tagged->content, failure);
  if (failure) {
    return refuse(detail, failure->error, std::string(tagged->name) + ": " + failure->detail);
  }
  return signal;
}

Result<Signal> parse_signal(ByteView text, std::string* detail) {
  if (text.size() > kMaxSignalBytes) {
    return refuse(detail, Errc::kTooLong, std::to_string(text.size()) + " bytes of JSON");
  }
  const auto root = json::parse(text, kSignalLimits);
  if (!root) return refuse(detail, root.error(), message(root.error()));
  return signal_from_tree(*root, as_text(text), detail);
}

std::string write_signal(const Signal& signal) {
  if (const auto* unknown = std::get_if<UnknownSignal>(&signal)) return unknown->text;
  std::string out;
  std::visit(
      [&](const auto& s) {
        using T = std::remove_cvref_t<decltype(s)>;
        if constexpr (std::is_same_v<T, UnknownSignal>) {
          // written above
        } else if constexpr (std::is_empty_v<T>) {
          json::append_string(out, signal_name(signal));
        } else {
          out += '{';
          json::append_string(out, signal_name(signal));
          out += ':';
          StructWriter writer(out);
          describe(writer, s);
          writer.finish();
          out += '}';
        }
      },
      signal);
  return out;
}

std::string_view signal_name(const Signal& signal) noexcept {
  if (const auto* unknown = std::get_if<UnknownSignal>(&signal)) return unknown->name;
  return kSignalNames[signal.index()];
}

std::string status_text(const Status& status) {
  switch (status.kind) {
    case StatusKind::kHealthy:
      return {};
    case StatusKind::kSameIdentityConnected:
      return "Another connection with the same identity took over; this one is parked.";
    case StatusKind::kUnknown:
      break;
  }
  return status.name;
}

}  // namespace wzp::proto
