/// \file
/// What can go wrong in wzp::codec. The numbers are stable and never reused.
#pragma once

#include <string_view>
#include <system_error>
#include <type_traits>

#include "wzp/codec/export.hpp"
#include "wzp/proto/expected.hpp"

namespace wzp::codec {

enum class Errc {
  kUnsupportedCodec = 1,     ///< The codec id can't be used here (comfort noise can't be encoded).
  kUnsupportedDuration = 2,  ///< The codec has no frame of this duration.
  kBitrateOutOfRange = 3,    ///< Opus takes 6000-128000 bit/s, Codec2 only its own rate.
  kWrongFrameLength = 4,     ///< A PCM frame or room for one is not exactly as long as documented.
  kOutputTooSmall = 5,       ///< The caller's buffer can't hold the result.
  kEmptyPayload = 6,         ///< A packet without a byte of audio.
  kWrongPayloadSize = 7,     ///< Not a whole number of Codec2 frames, or more than 120 ms of them.
  kMalformedPacket = 8,      ///< The bytes are not a valid Opus packet.
  kNoRedundancy = 9,         ///< The packet carries no copy of the frame before it.
  kCodecFailure = 10,        ///< The codec library failed in a way it should not.
};

[[nodiscard]] WZP_CODEC_EXPORT std::string_view message(Errc error) noexcept;
[[nodiscard]] WZP_CODEC_EXPORT const std::error_category& error_category() noexcept;
[[nodiscard]] WZP_CODEC_EXPORT std::error_code make_error_code(Errc error) noexcept;

template <class T>
using Result = Expected<T, Errc>;

}  // namespace wzp::codec

template <>
struct std::is_error_code_enum<wzp::codec::Errc> : std::true_type {};
