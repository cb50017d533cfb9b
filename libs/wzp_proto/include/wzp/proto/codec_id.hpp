/// \file
/// Codec ids of the media header (4 bits on the wire) and what is nominal for each.
/// Format: docs/wire/media.md, "Codec ids".
#pragma once

#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

namespace wzp::proto {

/// The wire value is the enumerator's value. Values 6-15 are unassigned in the plain media header;
/// a plain packet that carries one does not parse.
enum class CodecId : std::uint8_t {
  kOpus24k = 0,
  kOpus16k = 1,
  kOpus6k = 2,
  kCodec2_3200 = 3,
  kCodec2_1200 = 4,
  kComfortNoise = 5,
};

/// What belongs to a codec id by convention. The frame duration in use comes from the profile.
struct CodecTraits {
  CodecId id;
  std::string_view name;  ///< As in JSON signals: "Opus24k".
  std::uint32_t bits_per_second;
  std::chrono::milliseconds nominal_frame;
  std::uint32_t sample_rate_hz;
};

inline constexpr CodecTraits kCodecTraits[] = {
    {CodecId::kOpus24k, "Opus24k", 24000, std::chrono::milliseconds(20), 48000},
    {CodecId::kOpus16k, "Opus16k", 16000, std::chrono::milliseconds(20), 48000},
    {CodecId::kOpus6k, "Opus6k", 6000, std::chrono::milliseconds(40), 48000},
    {CodecId::kCodec2_3200, "Codec2_3200", 3200, std::chrono::milliseconds(20), 8000},
    {CodecId::kCodec2_1200, "Codec2_1200", 1200, std::chrono::milliseconds(40), 8000},
    {CodecId::kComfortNoise, "ComfortNoise", 0, std::chrono::milliseconds(20), 48000},
};

[[nodiscard]] constexpr const CodecTraits& traits(CodecId id) noexcept {
  return kCodecTraits[static_cast<std::uint8_t>(id)];
}
[[nodiscard]] constexpr std::string_view name(CodecId id) noexcept { return traits(id).name; }

/// The codec id of a wire value; nothing for 6-15 and above.
[[nodiscard]] constexpr std::optional<CodecId> codec_id_from_wire(std::uint8_t value) noexcept {
  if (value >= std::size(kCodecTraits)) return std::nullopt;
  return static_cast<CodecId>(value);
}
/// The codec id of a JSON name, exact case.
[[nodiscard]] constexpr std::optional<CodecId> codec_id_from_name(std::string_view text) noexcept {
  for (const CodecTraits& t : kCodecTraits) {
    if (t.name == text) return t.id;
  }
  return std::nullopt;
}

}  // namespace wzp::proto
