/// \file
/// Packets of media/2: a header of 4 bytes that a relay sees, and what is sealed behind it. Format:
/// docs/wire/media2.md.
///
/// A media packet carries one *unit* (one codec packet of 20-120 ms) and copies of units before it.
/// A control packet carries sections alone. Parsing never allocates; views point into the packet.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/proto/bytes.hpp"
#include "wzp/proto/codec_id.hpp"
#include "wzp/proto/errc.hpp"
#include "wzp/proto/export.hpp"
#include "wzp/proto/serial.hpp"

namespace wzp::proto {

// -- Header: authenticated, not encrypted ---------------------------------------------------------

struct Media2Header {
  static constexpr std::size_t kSize = 4;

  bool control = false;    ///< Layout 3 (16-byte tag), sections only; else layout 2 (8-byte tag).
  std::uint8_t epoch = 0;  ///< Of the sender's key; never 0.
  SeqNo16 seq;             ///< Counts all that the connection seals.

  bool operator==(const Media2Header&) const = default;
};

/// Errors: kTruncated, kUnknownKind (first bit 0), kUnknownVersion (one of the six bits behind the
/// control bit is set), kMalformed (epoch 0).
[[nodiscard]] WZP_PROTO_EXPORT Result<Media2Header> parse_media2_header(ByteView packet) noexcept;
/// The four bytes in front of the sealed part.
[[nodiscard]] WZP_PROTO_EXPORT std::array<std::byte, Media2Header::kSize> write_media2_header(
    const Media2Header& header) noexcept;

// -- Sealed part ----------------------------------------------------------------------------------

/// Media time on the wire counts steps of 20 ms, modulo 4096 (81.92 s).
class Media2Time {
 public:
  static constexpr std::int64_t kStepMs = 20;
  static constexpr std::uint16_t kModulus = 4096;

  constexpr Media2Time() = default;
  explicit constexpr Media2Time(std::uint16_t steps) noexcept : steps_(steps % kModulus) {}
  /// Of a media time that is a multiple of 20 ms.
  [[nodiscard]] static constexpr Media2Time of(MediaTime32 time) noexcept {
    return Media2Time(static_cast<std::uint16_t>(time.value() / kStepMs % kModulus));
  }
  [[nodiscard]] constexpr std::uint16_t steps() const noexcept { return steps_; }
  constexpr bool operator==(const Media2Time&) const = default;

  /// Steps from `from` to this one, -2048 to 2047.
  [[nodiscard]] constexpr int distance_from(Media2Time from) const noexcept {
    const int ahead = (steps_ - from.steps_) & (kModulus - 1);
    return ahead >= kModulus / 2 ? ahead - kModulus : ahead;
  }

 private:
  std::uint16_t steps_ = 0;
};

/// Codec and length of units, four bits on the wire. All Opus ids are one; Opus packets say their
/// rate and Codec2 packets have a fixed size.
struct Media2Shape {
  CodecId codec = CodecId::kOpus24k;
  std::chrono::milliseconds unit{40};

  bool operator==(const Media2Shape&) const = default;
  /// Bytes of a unit; 0 where each unit has its own length (Opus).
  [[nodiscard]] WZP_PROTO_EXPORT std::size_t fixed_size() const noexcept;
};
/// The value on the wire; nothing if there is none for this codec and length.
[[nodiscard]] WZP_PROTO_EXPORT std::optional<std::uint8_t> media2_shape_code(
    const Media2Shape& shape) noexcept;
/// Nothing for values that are not assigned (11-15).
[[nodiscard]] WZP_PROTO_EXPORT std::optional<Media2Shape> media2_shape_from_code(
    std::uint8_t code) noexcept;

/// A sequence of (type, length, value), checked when it was parsed. Receivers skip types they do
/// not know.
class Media2Sections {
 public:
  static constexpr std::size_t kMost = 8;
  static constexpr std::size_t kMostBytes = 255;  ///< In one section.

  enum Type : std::uint8_t {
    kFeedback = 1,     ///< What the sender receives; not interpreted here.
    kDistantCopy = 2,  ///< A copy whose shape or distance the copy mask can't express.
    kSpan = 3,         ///< One byte: how far back copies will reach, in steps of 20 ms.
    kHighestType = 127,
  };
  struct Section {
    std::uint8_t type = 0;
    ByteView value;
  };

  Media2Sections() = default;
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  /// The next one, in the order of the packet; nothing behind the last.
  [[nodiscard]] WZP_PROTO_EXPORT std::optional<Section> next() noexcept;
  /// The first one of a type.
  [[nodiscard]] WZP_PROTO_EXPORT std::optional<ByteView> find(std::uint8_t type) const noexcept;

 private:
  friend class Media2Parser;
  explicit Media2Sections(ByteView checked) noexcept : rest_(checked) {}
  ByteView rest_;
};

/// The opened payload of a media packet.
struct Media2Payload {
  static constexpr std::size_t kMostCopies = 6;
  static constexpr std::size_t kMostBytes = 1200;

  Media2Shape shape;       ///< Of the unit and of the copies.
  Media2Time time;         ///< When the unit begins.
  bool is_silent = false;  ///< The sender is silent from `time` on; `unit` is a noise level.
  /// copies[i] began (i + 1) units before `time`; empty if this packet has none.
  std::array<ByteView, kMostCopies> copies{};
  ByteView unit;
  Media2Sections sections;

  /// The farthest copy, in units; 0 without copies.
  [[nodiscard]] std::size_t span_units() const noexcept {
    for (std::size_t i = kMostCopies; i > 0; --i) {
      if (!copies[i - 1].empty()) return i;
    }
    return 0;
  }
};

/// Errors: kTruncated, kTooLong (above kMostBytes, or a unit longer than 1275 bytes), kUnknownCodec
/// (shape not assigned), kMalformed (an empty unit or section, noise level not one byte),
/// kLengthMismatch (a Codec2 unit of another size), kTooMany (sections).
[[nodiscard]] WZP_PROTO_EXPORT Result<Media2Payload> parse_media2_payload(
    ByteView payload) noexcept;

/// The opened payload of a control packet: at least one section. Errors as above.
[[nodiscard]] WZP_PROTO_EXPORT Result<Media2Sections> parse_media2_control(
    ByteView payload) noexcept;

/// A kDistantCopy: one unit of any shape, up to 5.1 s before the packet's own.
struct Media2DistantCopy {
  Media2Shape shape;
  std::uint8_t steps_back = 1;  ///< In 20 ms, from the packet's `time` back to the copy's; not 0.
  ByteView unit;
};
/// Errors: kTruncated, kUnknownCodec, kMalformed, kLengthMismatch.
[[nodiscard]] WZP_PROTO_EXPORT Result<Media2DistantCopy> parse_media2_distant_copy(
    ByteView section) noexcept;

/// Writes payloads into a caller's buffer, in the order of the format: begin(), sections, copies
/// (nearest first), unit. Whatever does not fit or is not allowed makes ok() false.
class WZP_PROTO_EXPORT Media2Writer {
 public:
  explicit Media2Writer(MutableBytes room) noexcept : writer_(room), room_(room) {}

  void begin(const Media2Shape& shape, Media2Time time, bool is_silent) noexcept;
  /// In a media payload before any copy, or alone in a control payload (then without begin()).
  void add_section(std::uint8_t type, ByteView value) noexcept;
  void add_distant_copy(const Media2DistantCopy& copy) noexcept;
  /// `units_back` 1-6, ascending.
  void add_copy(std::size_t units_back, ByteView unit) noexcept;
  /// The unit or, if silent, one byte of noise level. Ends the payload.
  void finish(ByteView unit) noexcept;

  [[nodiscard]] bool ok() const noexcept { return ok_ && writer_.ok(); }
  [[nodiscard]] ByteView bytes() const noexcept { return writer_.written(); }
  [[nodiscard]] std::size_t capacity_left() const noexcept { return writer_.capacity_left(); }

 private:
  void open_section(std::uint8_t type, std::size_t size) noexcept;
  [[nodiscard]] bool fits_shape(ByteView unit) const noexcept;

  ByteWriter writer_;
  MutableBytes room_;
  Media2Shape shape_;
  bool is_silent_ = false;
  bool begun_ = false;
  std::size_t last_copy_ = 0;
  std::optional<std::size_t> last_section_;  // where its type is
  std::size_t sections_ = 0;
  bool ok_ = true;
};

}  // namespace wzp::proto
