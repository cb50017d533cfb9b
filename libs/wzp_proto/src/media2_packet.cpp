#include "wzp/proto/media2_packet.hpp"

#include <algorithm>
#include <iterator>

namespace wzp::proto {
namespace {

using std::chrono::milliseconds;

constexpr std::uint8_t kMedia2Bit = 0x80;
constexpr std::uint8_t kControlBit = 0x40;
constexpr std::uint8_t kReservedBits = 0x3f;

constexpr std::uint8_t kSilentBit = 0x80;
constexpr std::uint8_t kSectionsBit = 0x40;
constexpr std::uint8_t kMoreBit = 0x80;
constexpr unsigned kTimeBits = 12;
constexpr std::size_t kMaskAt = 2;

// Lengths as inside Opus packets (RFC 6716, 3.2.1): below 252 one byte; else 252-255 and a second
// one of which each step counts four.
constexpr std::uint8_t kTwoByteLength = 252;
constexpr std::size_t kLongestUnit = 1275;

// The index is the code on the wire.
constexpr Media2Shape kShapes[] = {
    {CodecId::kOpus24k, milliseconds(20)},      {CodecId::kOpus24k, milliseconds(40)},
    {CodecId::kOpus24k, milliseconds(60)},      {CodecId::kOpus24k, milliseconds(120)},
    {CodecId::kCodec2_3200, milliseconds(20)},  {CodecId::kCodec2_3200, milliseconds(40)},
    {CodecId::kCodec2_3200, milliseconds(60)},  {CodecId::kCodec2_3200, milliseconds(120)},
    {CodecId::kCodec2_1200, milliseconds(40)},  {CodecId::kCodec2_1200, milliseconds(80)},
    {CodecId::kCodec2_1200, milliseconds(120)},
};

CodecId family(CodecId codec) noexcept {
  return codec == CodecId::kOpus16k || codec == CodecId::kOpus6k ? CodecId::kOpus24k : codec;
}

Result<ByteView> take_unit(ByteReader& reader, std::size_t fixed_size) noexcept {
  std::size_t size = fixed_size;
  if (size == 0) {
    size = reader.u8();
    if (size >= kTwoByteLength) size += std::size_t{4} * reader.u8();
    if (reader.ok() && size == 0) return Unexpected(Errc::kMalformed);
  }
  const ByteView unit = reader.take(size);
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  return unit;
}

Result<ByteView> check_last_unit(ByteView unit, std::size_t fixed_size) noexcept {
  if (unit.empty()) return Unexpected(Errc::kTruncated);
  if (unit.size() > kLongestUnit) return Unexpected(Errc::kTooLong);
  if (fixed_size != 0 && unit.size() != fixed_size) return Unexpected(Errc::kLengthMismatch);
  return unit;
}

/// Skips a run of sections.
Result<void> skip_sections(ByteReader& reader) noexcept {
  for (std::size_t count = 0;; ++count) {
    const std::uint8_t type = reader.u8();
    const std::uint8_t size = reader.u8();
    static_cast<void>(reader.take(size));
    if (!reader.ok()) return Unexpected(Errc::kTruncated);
    if ((type & ~kMoreBit) == 0 || size == 0) return Unexpected(Errc::kMalformed);
    if ((type & kMoreBit) == 0) return {};
    if (count + 1 == Media2Sections::kMost) return Unexpected(Errc::kTooMany);
  }
}

}  // namespace

// -- Header ---------------------------------------------------------------------------------------

Result<Media2Header> parse_media2_header(ByteView packet) noexcept {
  ByteReader reader(packet);
  const std::uint8_t first = reader.u8();
  Media2Header header;
  header.control = (first & kControlBit) != 0;
  header.epoch = reader.u8();
  header.seq = SeqNo16(reader.u16());
  if (!packet.empty() && (first & kMedia2Bit) == 0) return Unexpected(Errc::kUnknownKind);
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  if ((first & kReservedBits) != 0) return Unexpected(Errc::kUnknownVersion);
  if (header.epoch == 0) return Unexpected(Errc::kMalformed);
  return header;
}

std::array<std::byte, Media2Header::kSize> write_media2_header(
    const Media2Header& header) noexcept {
  std::array<std::byte, Media2Header::kSize> out{};
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(kMedia2Bit | (header.control ? kControlBit : 0)));
  writer.u8(header.epoch);
  writer.u16(header.seq.value());
  return out;
}

// -- Shape ----------------------------------------------------------------------------------------

std::size_t Media2Shape::fixed_size() const noexcept {
  const auto ms = static_cast<std::size_t>(unit.count());
  if (codec == CodecId::kCodec2_3200) return ms / 20 * 8;
  if (codec == CodecId::kCodec2_1200) return ms / 40 * 6;
  return 0;
}

std::optional<std::uint8_t> media2_shape_code(const Media2Shape& shape) noexcept {
  const Media2Shape wanted{family(shape.codec), shape.unit};
  const auto* found = std::find(std::begin(kShapes), std::end(kShapes), wanted);
  if (found == std::end(kShapes)) return std::nullopt;
  return static_cast<std::uint8_t>(found - std::begin(kShapes));
}

std::optional<Media2Shape> media2_shape_from_code(std::uint8_t code) noexcept {
  if (code >= std::size(kShapes)) return std::nullopt;
  return kShapes[code];
}

// -- Sections -------------------------------------------------------------------------------------

std::optional<Media2Sections::Section> Media2Sections::next() noexcept {
  if (rest_.empty()) return std::nullopt;
  ByteReader reader(rest_);
  Section section;
  section.type = static_cast<std::uint8_t>(reader.u8() & ~kMoreBit);
  section.value = reader.take(reader.u8());
  rest_ = reader.rest();
  return section;
}

std::optional<ByteView> Media2Sections::find(std::uint8_t type) const noexcept {
  Media2Sections copy = *this;
  while (const auto section = copy.next()) {
    if (section->type == type) return section->value;
  }
  return std::nullopt;
}

// -- Payload --------------------------------------------------------------------------------------

class Media2Parser {
 public:
  explicit Media2Parser(ByteView payload) noexcept : payload_(payload), reader_(payload) {}

  Result<Media2Payload> parse() noexcept {
    const std::uint16_t shape_and_time = reader_.u16();
    const std::uint8_t mask = reader_.u8();
    if (!reader_.ok()) return Unexpected(Errc::kTruncated);
    const auto shape =
        media2_shape_from_code(static_cast<std::uint8_t>(shape_and_time >> kTimeBits));
    if (!shape) return Unexpected(Errc::kUnknownCodec);
    out_.shape = *shape;
    out_.time = Media2Time(shape_and_time & (Media2Time::kModulus - 1));
    out_.is_silent = (mask & kSilentBit) != 0;
    if ((mask & kSectionsBit) != 0) {
      if (auto ok = take_sections(); !ok) return Unexpected(ok.error());
    }
    if (auto ok = take_copies(mask); !ok) return Unexpected(ok.error());
    return take_last_unit();
  }

  Result<Media2Sections> parse_control() noexcept {
    if (auto ok = take_sections(); !ok) return Unexpected(ok.error());
    if (reader_.remaining() != 0) return Unexpected(Errc::kTrailingBytes);
    return out_.sections;
  }

 private:
  Result<void> take_sections() noexcept {
    const std::size_t begin = payload_.size() - reader_.remaining();
    if (auto ok = skip_sections(reader_); !ok) return ok;
    const std::size_t end = payload_.size() - reader_.remaining();
    out_.sections = Media2Sections(payload_.subspan(begin, end - begin));
    return {};
  }

  Result<void> take_copies(std::uint8_t mask) noexcept {
    for (std::size_t i = 0; i < Media2Payload::kMostCopies; ++i) {
      if ((mask >> i & 1) == 0) continue;
      const auto copy = take_unit(reader_, out_.shape.fixed_size());
      if (!copy) return Unexpected(copy.error());
      out_.copies[i] = *copy;
    }
    return {};
  }

  Result<Media2Payload> take_last_unit() noexcept {
    const std::size_t size = out_.is_silent ? 1 : out_.shape.fixed_size();
    const auto unit = check_last_unit(reader_.rest(), size);
    if (!unit) {
      const bool bad_level = out_.is_silent && unit.error() == Errc::kLengthMismatch;
      return Unexpected(bad_level ? Errc::kMalformed : unit.error());
    }
    out_.unit = *unit;
    return out_;
  }

  ByteView payload_;
  ByteReader reader_;
  Media2Payload out_;
};

Result<Media2Payload> parse_media2_payload(ByteView payload) noexcept {
  if (payload.size() > Media2Payload::kMostBytes) return Unexpected(Errc::kTooLong);
  return Media2Parser(payload).parse();
}

Result<Media2Sections> parse_media2_control(ByteView payload) noexcept {
  if (payload.size() > Media2Payload::kMostBytes) return Unexpected(Errc::kTooLong);
  return Media2Parser(payload).parse_control();
}

Result<Media2DistantCopy> parse_media2_distant_copy(ByteView section) noexcept {
  ByteReader reader(section);
  const auto shape = media2_shape_from_code(reader.u8());
  Media2DistantCopy copy;
  copy.steps_back = reader.u8();
  if (!reader.ok()) return Unexpected(Errc::kTruncated);
  if (!shape) return Unexpected(Errc::kUnknownCodec);
  if (copy.steps_back == 0) return Unexpected(Errc::kMalformed);
  copy.shape = *shape;
  const auto unit = check_last_unit(reader.rest(), shape->fixed_size());
  if (!unit) return Unexpected(unit.error());
  copy.unit = *unit;
  return copy;
}

// -- Writing --------------------------------------------------------------------------------------

void Media2Writer::begin(const Media2Shape& shape, Media2Time time, bool is_silent) noexcept {
  const auto code = media2_shape_code(shape);
  ok_ = ok_ && code && !begun_ && writer_.size() == 0;
  if (!ok_) return;
  begun_ = true;
  shape_ = shape;
  is_silent_ = is_silent;
  writer_.u16(static_cast<std::uint16_t>(*code << kTimeBits | time.steps()));
  writer_.u8(is_silent ? kSilentBit : 0);
}

void Media2Writer::open_section(std::uint8_t type, std::size_t size) noexcept {
  ok_ = ok_ && type != 0 && type <= Media2Sections::kHighestType && size != 0 &&
        size <= Media2Sections::kMostBytes && last_copy_ == 0 &&
        sections_ < Media2Sections::kMost && writer_.capacity_left() >= size + 2;
  if (!ok_) return;
  if (last_section_) room_[*last_section_] |= std::byte{kMoreBit};
  if (begun_) room_[kMaskAt] |= std::byte{kSectionsBit};
  last_section_ = writer_.size();
  ++sections_;
  writer_.u8(type);
  writer_.u8(static_cast<std::uint8_t>(size));
}

void Media2Writer::add_section(std::uint8_t type, ByteView value) noexcept {
  open_section(type, value.size());
  if (ok_) writer_.bytes(value);
}

void Media2Writer::add_distant_copy(const Media2DistantCopy& copy) noexcept {
  const auto code = media2_shape_code(copy.shape);
  ok_ = ok_ && code && copy.steps_back != 0 && !copy.unit.empty();
  open_section(Media2Sections::kDistantCopy, copy.unit.size() + 2);
  if (!ok_) return;
  writer_.u8(*code);
  writer_.u8(copy.steps_back);
  writer_.bytes(copy.unit);
}

bool Media2Writer::fits_shape(ByteView unit) const noexcept {
  const std::size_t fixed = shape_.fixed_size();
  return fixed != 0 ? unit.size() == fixed : !unit.empty() && unit.size() <= kLongestUnit;
}

void Media2Writer::add_copy(std::size_t units_back, ByteView unit) noexcept {
  ok_ = ok_ && begun_ && units_back > last_copy_ && units_back <= Media2Payload::kMostCopies &&
        fits_shape(unit);
  if (!ok_) return;
  last_copy_ = units_back;
  room_[kMaskAt] |= static_cast<std::byte>(1U << (units_back - 1));
  if (shape_.fixed_size() == 0) {
    const std::size_t size = unit.size();
    const bool two = size >= kTwoByteLength;
    writer_.u8(static_cast<std::uint8_t>(two ? kTwoByteLength + size % 4 : size));
    if (two) writer_.u8(static_cast<std::uint8_t>((size - kTwoByteLength) / 4));
  }
  writer_.bytes(unit);
}

void Media2Writer::finish(ByteView unit) noexcept {
  ok_ = ok_ && begun_ && (is_silent_ ? unit.size() == 1 : fits_shape(unit));
  if (ok_) writer_.bytes(unit);
  ok_ = ok_ && writer_.size() <= Media2Payload::kMostBytes;
}

}  // namespace wzp::proto
