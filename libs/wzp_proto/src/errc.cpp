#include "wzp/proto/errc.hpp"

namespace wzp::proto {
namespace {

const char* text(Errc e) noexcept {
  switch (e) {
    case Errc::kTruncated:
      return "fewer bytes than the structure needs";
    case Errc::kBufferTooSmall:
      return "the buffer is too small for what is to be written";
    case Errc::kUnknownCodec:
      return "codec id above 5 in a plain media header";
    case Errc::kTooLong:
      return "longer than the limit allows";
    case Errc::kTrailingBytes:
      return "bytes after the end of the structure";
    case Errc::kUnknownKind:
      return "kind is not assigned";
    case Errc::kNoBaseline:
      return "mini frame without a usable full header before it";
    case Errc::kNotJson:
      return "not one UTF-8 JSON value";
    case Errc::kTooDeep:
      return "JSON nested deeper than the limit";
    case Errc::kTooMany:
      return "more values or members than the limit";
    case Errc::kDuplicateField:
      return "the same member twice in one object";
    case Errc::kWrongShape:
      return "expected a message name or an object with one member";
    case Errc::kMissingField:
      return "a required member is missing";
    case Errc::kWrongType:
      return "a member has another type, range or length than expected";
    case Errc::kUnknownName:
      return "a text is none of the names allowed there";
    case Errc::kBadMagic:
      return "the magic number of the protocol is missing";
    case Errc::kUnknownVersion:
      return "version is not supported";
    case Errc::kLengthMismatch:
      return "stated and actual length differ";
    case Errc::kMalformed:
      return "bytes that can't become a valid message";
    case Errc::kQueueFull:
      return "the queue is full";
    case Errc::kNotAllowed:
      return "the event is not allowed in this state";
    case Errc::kExhausted:
      return "too many requests in flight";
    case Errc::kEndOfStream:
      return "the stream ended";
  }
  return "unknown error";
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "wzp.proto"; }
  std::string message(int value) const override { return text(static_cast<Errc>(value)); }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

}  // namespace wzp::proto
