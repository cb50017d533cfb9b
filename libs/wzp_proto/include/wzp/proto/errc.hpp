/// \file
/// Errors of wzp_proto, and its Result. Numbers are stable and never reused.
#pragma once

#include <string>
#include <system_error>
#include <type_traits>

#include "wzp/proto/expected.hpp"
#include "wzp/proto/export.hpp"

namespace wzp::proto {

/// What was wrong with bytes that came from a peer, or with a request to write some.
enum class Errc {
  kTruncated = 1,        ///< Fewer bytes than the structure needs.
  kBufferTooSmall = 2,   ///< The caller's buffer can't hold what is to be written.
  kUnknownCodec = 3,     ///< Codec id 6-15 in a plain media header.
  kTooLong = 4,          ///< A length above the limit of its field, message or stream.
  kTrailingBytes = 5,    ///< Bytes after the end of a structure that allows none.
  kUnknownKind = 6,      ///< A kind or type byte that is not assigned.
  kNoBaseline = 7,       ///< A mini frame whose full header was not seen, or is too old.
  kNotJson = 8,          ///< Not a JSON text, not UTF-8, or more than one value.
  kTooDeep = 9,          ///< JSON nested deeper than the limit.
  kTooMany = 10,         ///< More JSON values, members or list elements than the limit.
  kDuplicateField = 11,  ///< The same member twice in one JSON object.
  kWrongShape = 12,      ///< Not an externally tagged message: a bare name or one member.
  kMissingField = 13,    ///< A member that is not optional is missing.
  kWrongType = 14,       ///< A member of another JSON type, out of range, or of another length.
  kUnknownName = 15,     ///< A text that must be one of a list of names and is not.
  kBadMagic = 16,        ///< Not the protocol at all: the leading magic number differs.
  kUnknownVersion = 17,  ///< A version that is not spoken here.
  kLengthMismatch = 18,  ///< A stated length that differs from the actual one.
  kMalformed = 19,       ///< Bytes that can never become a valid message.
  kQueueFull = 20,       ///< A bounded queue has no room for this message.
  kNotAllowed = 21,      ///< The event is not allowed in this state.
  kExhausted = 22,       ///< No nonce is left: too many pings are in flight.
  kEndOfStream = 23,     ///< The peer closed the stream, or closed it inside a message.
};

template <class T>
using Result = wzp::Expected<T, Errc>;

/// Says what was expected, for each of the above.
[[nodiscard]] WZP_PROTO_EXPORT const std::error_category& error_category() noexcept;

[[nodiscard]] inline std::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_category()};
}

/// The text of an error, for logs and reports.
[[nodiscard]] inline std::string message(Errc e) { return make_error_code(e).message(); }

}  // namespace wzp::proto

template <>
struct std::is_error_code_enum<wzp::proto::Errc> : std::true_type {};
