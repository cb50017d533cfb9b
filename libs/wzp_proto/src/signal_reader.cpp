#include "signal_reader.hpp"

#include <algorithm>
#include <cmath>

#include "base64.hpp"
#include "signal_names.hpp"

namespace wzp::proto {

StructReader::StructReader(const json::Value& value, std::optional<ReadFailure>& failure)
    : object_(value.as<json::Object>()), list_(value.as<json::Array>()), failure_(failure) {}

bool StructReader::is_struct(const json::Value& value) {
  return value.as<json::Object>() != nullptr || value.as<json::Array>() != nullptr;
}

void StructReader::fail(Errc error, std::string_view name, std::string_view expected) {
  if (failure_) return;
  failure_ =
      ReadFailure{error, "member '" + std::string(name) + "': expected " + std::string(expected)};
}

const json::Value* StructReader::next(std::string_view name, bool required) {
  if (failure_) return nullptr;
  const json::Value* value = nullptr;
  if (object_ != nullptr) {
    value = json::find(*object_, name);
  } else if (index_ < list_->size()) {
    value = &(*list_)[index_];
  } else {
    required = true;  // the positional form has no missing elements
  }
  ++index_;
  if (value == nullptr && required) fail(Errc::kMissingField, name, "to be present");
  return value;
}

const json::Value* StructReader::extension(std::string_view name) const {
  return failure_ || object_ == nullptr ? nullptr : json::find(*object_, name);
}

void StructReader::finish() {
  if (!failure_ && list_ != nullptr && list_->size() != index_) {
    fail(Errc::kWrongShape, "", "a list of " + std::to_string(index_) + " elements");
  }
}

void StructReader::profiles(std::string_view name, std::vector<QualityProfile>& out,
                            std::uint32_t& skipped) {
  const json::Value* value = next(name, true);
  if (value == nullptr) return;
  const auto* list = value->as<json::Array>();
  if (list == nullptr) return fail(Errc::kWrongType, name, "a list of profiles");
  for (const json::Value& element : *list) {
    std::optional<ReadFailure> unreadable;
    QualityProfile profile;
    if (is_struct(element)) {
      StructReader inner(element, unreadable);
      describe(inner, profile);
      inner.finish();
    }
    if (unreadable || !is_struct(element)) {
      ++skipped;
    } else {
      out.push_back(profile);
    }
  }
}

void StructReader::status_kind(std::string_view name, Status& out) {
  const json::Value* value = next(name, true);
  if (value == nullptr) return;
  const std::string_view text = enum_name(name, *value);
  const auto it = std::find(kStatusKindNames.begin(), kStatusKindNames.end(), text);
  out.kind = static_cast<StatusKind>(it - kStatusKindNames.begin());
  if (out.kind == StatusKind::kUnknown) out.name = text;
}

std::uint64_t StructReader::integer(std::string_view name, const json::Value& value,
                                    std::uint64_t max) {
  const auto* number = value.as<std::uint64_t>();
  if (number != nullptr && *number <= max) return *number;
  fail(Errc::kWrongType, name, "an integer from 0 to " + std::to_string(max));
  return 0;
}

void StructReader::read(std::string_view name, const json::Value& value, bool& out) {
  const auto* flag = value.as<bool>();
  if (flag == nullptr) return fail(Errc::kWrongType, name, "true or false");
  out = *flag;
}

void StructReader::read(std::string_view name, const json::Value& value, float& out) {
  if (const auto* whole = value.as<std::uint64_t>()) {
    out = static_cast<float>(*whole);
  } else if (const auto* below = value.as<json::Negative>()) {
    out = static_cast<float>(below->value);
  } else if (const auto* number = value.as<double>();
             number != nullptr && std::fabs(*number) <= std::numeric_limits<float>::max()) {
    out = static_cast<float>(*number);
  } else {
    fail(Errc::kWrongType, name, "a number");
  }
}

void StructReader::read(std::string_view name, const json::Value& value, std::string& out) {
  const auto* text = value.as<std::string>();
  if (text == nullptr) return fail(Errc::kWrongType, name, "a text");
  if (name == "alias" && text->size() > kMaxAliasBytes) {
    return fail(Errc::kTooLong, name, "at most 64 bytes");
  }
  out = *text;
}

void StructReader::read(std::string_view name, const json::Value& value,
                        std::vector<std::string>& out) {
  const auto* list = value.as<json::Array>();
  if (list == nullptr) return fail(Errc::kWrongType, name, "a list of texts");
  const bool features = name == "features";
  if (features && list->size() > kMaxFeatures)
    return fail(Errc::kTooMany, name, "at most 32 names");
  for (const json::Value& element : *list) {
    read(name, element, out.emplace_back());
    if (features && out.back().size() > kMaxFeatureNameBytes) {
      fail(Errc::kTooLong, name, "names of at most 64 bytes");
    }
    if (failure_) return;
  }
}

void StructReader::read(std::string_view name, const json::Value& value, Bytes32& out) {
  const auto* list = value.as<json::Array>();
  if (list == nullptr || list->size() != out.size()) {
    return fail(Errc::kWrongType, name, "a list of 32 bytes");
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>(integer(name, (*list)[i], 255));
  }
}

void StructReader::read(std::string_view name, const json::Value& value, Bytes& out) {
  const auto* list = value.as<json::Array>();
  if (list == nullptr) return fail(Errc::kWrongType, name, "a list of bytes");
  out.reserve(list->size());
  for (const json::Value& element : *list) {
    out.push_back(static_cast<std::byte>(integer(name, element, 255)));
  }
}

void StructReader::read_base64(std::string_view name, const json::Value& value,
                               std::size_t min_size, std::size_t max_size, Bytes& out) {
  const auto* text = value.as<std::string>();
  if (text == nullptr) return fail(Errc::kWrongType, name, "base64 text");
  if (text->size() > (max_size + 2) / 3 * 4) {
    return fail(Errc::kTooLong, name, "at most " + std::to_string(max_size) + " bytes");
  }
  auto bytes = decode_base64(*text);
  if (!bytes || bytes->size() < min_size) return fail(Errc::kWrongType, name, "base64 text");
  if (bytes->size() > max_size) {
    return fail(Errc::kTooLong, name, "at most " + std::to_string(max_size) + " bytes");
  }
  out = std::move(*bytes);
}

void StructReader::read_base64(std::string_view name, const json::Value& value,
                               std::size_t min_size, std::size_t max_size, Bytes32& out) {
  Bytes bytes;
  read_base64(name, value, min_size, max_size, bytes);
  if (bytes.size() == out.size()) std::copy(bytes.begin(), bytes.end(), out.begin());
}

void StructReader::read(std::string_view name, const json::Value& value, StreamId& out) {
  read(name, value, out.value);
}

// A bare text, or as an object with one member of that name and null.
std::string_view StructReader::enum_name(std::string_view name, const json::Value& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  const auto* object = value.as<json::Object>();
  if (object != nullptr && object->size() == 1 && object->front().value.is_null()) {
    return object->front().name;
  }
  fail(Errc::kWrongType, name, "a name");
  return {};
}

void StructReader::read(std::string_view name, const json::Value& value, CodecId& out) {
  const auto codec = codec_id_from_name(enum_name(name, value));
  if (!codec) return fail(Errc::kUnknownName, name, "a codec name");
  out = *codec;
}

void StructReader::read(std::string_view name, const json::Value& value, HangupReason& out) {
  const auto* begin = kHangupReasonNames.begin();
  const auto* it = std::find(begin, kHangupReasonNames.end(), enum_name(name, value));
  if (it == kHangupReasonNames.end()) return fail(Errc::kUnknownName, name, "a hang-up reason");
  out = static_cast<HangupReason>(it - begin);
}

}  // namespace wzp::proto
