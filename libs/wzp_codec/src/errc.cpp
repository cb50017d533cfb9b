#include "wzp/codec/errc.hpp"

#include <string>

namespace wzp::codec {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "wzp.codec"; }
  std::string message(int value) const override {
    return std::string(codec::message(static_cast<Errc>(value)));
  }
};

}  // namespace

std::string_view message(Errc error) noexcept {
  switch (error) {
    case Errc::kUnsupportedCodec:
      return "this codec id cannot be used here";
    case Errc::kUnsupportedDuration:
      return "the codec has no frame of this duration (Opus: 10, 20, 40, 60, 80, 100 or 120 ms; "
             "Codec2 3200: multiples of 20 ms, Codec2 1200: multiples of 40 ms, up to 120 ms)";
    case Errc::kBitrateOutOfRange:
      return "bit rate out of range (Opus: 6000-128000 bit/s; Codec2: only its own rate)";
    case Errc::kWrongFrameLength:
      return "the PCM span is not exactly as long as the frame";
    case Errc::kOutputTooSmall:
      return "the output buffer cannot hold the result";
    case Errc::kEmptyPayload:
      return "the packet holds no audio";
    case Errc::kWrongPayloadSize:
      return "expected 1 to 6 Codec2 3200 frames of 8 bytes or 1 to 3 Codec2 1200 frames of 6 "
             "bytes";
    case Errc::kMalformedPacket:
      return "not a valid Opus packet";
    case Errc::kNoRedundancy:
      return "the packet carries no copy of the frame before it";
    case Errc::kCodecFailure:
      return "the codec library failed";
  }
  return "unknown codec error";
}

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc error) noexcept {
  return {static_cast<int>(error), error_category()};
}

}  // namespace wzp::codec
