#include "media2_input.hpp"

#include <algorithm>

#include "wzp/client/audio.hpp"
#include "wzp/codec/audio_decoder.hpp"

namespace wzp::client {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kStepMs = proto::Media2Time::kStepMs;
// A plan without copies is noticed after so many units without any.
constexpr std::uint32_t kUnitsPerCheck = 50;

bool is_what_it_says(const proto::Media2Shape& shape, ByteView unit) {
  const auto samples = codec::samples_in_packet(shape.codec, unit);
  return samples &&
         *samples == static_cast<std::size_t>(shape.unit.count()) * (kSampleRateHz / 1000);
}

}  // namespace

std::span<const proto::JitterFrame> Media2Input::take(SeqNo16 seq,
                                                      const proto::Media2Payload& packet) {
  count_ = 0;
  const MediaTime32 begin = unwrap(packet.time);
  note_span(packet);
  if (packet.is_silent) {
    add_silence(seq, begin, packet.unit);
  } else {
    note_unit(begin);
    add_unit(seq, begin, packet.shape, packet.unit);
  }
  add_copies(begin, packet);
  return std::span(frames_).first(count_);
}

MediaTime32 Media2Input::unwrap(proto::Media2Time time) noexcept {
  if (!newest_) newest_ = MediaTime32(static_cast<std::uint32_t>(time.steps() * kStepMs));
  const int ahead = time.distance_from(proto::Media2Time::of(*newest_));
  const MediaTime32 begin = *newest_ + ahead * kStepMs;
  if (ahead > 0) newest_ = begin;
  return begin;
}

void Media2Input::note_span(const proto::Media2Payload& packet) noexcept {
  const auto seen = packet.shape.unit * static_cast<std::int64_t>(packet.span_units());
  shown_ = std::max(shown_, seen);
  span_ = std::max(span_, seen);
  if (!packet.is_silent && ++units_since_check_ >= kUnitsPerCheck) {
    span_ = shown_;
    shown_ = milliseconds(0);
    units_since_check_ = 0;
  }
  if (const auto said = packet.sections.find(proto::Media2Sections::kSpan)) {
    span_ = milliseconds(std::to_integer<int>(said->front()) * kStepMs);
    shown_ = span_;
    units_since_check_ = 0;
  }
}

// On the jitter buffer's side comfort noise is stamped one tick after the silence it stands for.
void Media2Input::add_silence(SeqNo16 seq, MediaTime32 begin, ByteView level) noexcept {
  frames_[count_++] = {seq,
                       begin + kTick.count(),
                       kTick,
                       proto::CodecId::kComfortNoise,
                       proto::FrameOrigin::kReceived,
                       level};
}

void Media2Input::add_unit(std::optional<SeqNo16> seq, MediaTime32 begin,
                           const proto::Media2Shape& shape, ByteView unit) noexcept {
  if (!is_what_it_says(shape, unit)) {
    ++undecodable_;
    return;
  }
  const auto origin = seq ? proto::FrameOrigin::kReceived : proto::FrameOrigin::kRecovered;
  frames_[count_++] = {seq, begin, shape.unit, shape.codec, origin, unit};
}

void Media2Input::add_copies(MediaTime32 begin, const proto::Media2Payload& packet) noexcept {
  const std::int64_t length = packet.shape.unit.count();
  for (std::size_t i = 0; i < packet.copies.size(); ++i) {
    const ByteView copy = packet.copies[i];
    const MediaTime32 when = begin - static_cast<std::int64_t>(i + 1) * length;
    if (!copy.empty() && !mark(when)) add_unit(std::nullopt, when, packet.shape, copy);
  }
  proto::Media2Sections sections = packet.sections;
  while (const auto section = sections.next()) {
    if (section->type != proto::Media2Sections::kDistantCopy) continue;
    const auto copy = proto::parse_media2_distant_copy(section->value);
    if (!copy) {
      ++undecodable_;
      continue;
    }
    const MediaTime32 when = begin - std::int64_t{copy->steps_back} * kStepMs;
    if (!mark(when)) add_unit(std::nullopt, when, copy->shape, copy->unit);
  }
}

// A unit far behind the newest comes from a sender that started anew.
void Media2Input::note_unit(MediaTime32 begin) noexcept {
  constexpr auto kFar = static_cast<std::int64_t>(kRemembered) * kStepMs;
  if (newest_marked_ && begin.distance_from(*newest_marked_) <= -kFar) {
    newest_ = begin;
    newest_marked_.reset();
    here_.reset();
  }
  mark(begin);
}

bool Media2Input::mark(MediaTime32 begin) noexcept {
  if (!newest_marked_) newest_marked_ = begin;
  const std::int64_t ahead = begin.distance_from(*newest_marked_) / kStepMs;
  constexpr auto kRange = static_cast<std::int64_t>(kRemembered);
  if (ahead <= -kRange) return true;
  const std::int64_t step = begin.value() / kStepMs;
  if (ahead >= kRange) here_.reset();
  for (std::int64_t i = 0; i < ahead && ahead < kRange; ++i) {
    here_.reset(static_cast<std::size_t>((step - i) & (kRange - 1)));
  }
  if (ahead > 0) newest_marked_ = begin;
  const auto place = static_cast<std::size_t>(step & (kRange - 1));
  const bool was_here = here_.test(place);
  here_.set(place);
  return was_here;
}

}  // namespace wzp::client
