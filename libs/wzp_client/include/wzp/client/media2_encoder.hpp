/// \file
/// One direction of a call's media in media/2: PCM in, payloads to seal out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "wzp/client/audio.hpp"
#include "wzp/client/export.hpp"
#include "wzp/client/media_plan.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::client {

/// One packet to seal and send (docs/wire/media2.md, "Media payload"). The caller writes the header
/// with the numbers of its key: `proto::write_media2_header({false, next.epoch, next.seq})`.
struct Media2Packet {
  ByteView payload;
  std::uint8_t copies = 0;  ///< Units in it that were sent before.
  bool is_silent = false;   ///< Nothing new is said in it.
};

struct Media2EncoderOptions {
  MediaPlan plan;
  /// As in CallEncoderOptions. In a pause nothing is sent but comfort noise each 200 ms, and the
  /// copies that the last words are still owed.
  bool silence_suppression = false;
  bool noise_suppression = false;
  bool gain_control = false;
  /// Each unit of a plan has the same size, whatever is said. Excludes silence_suppression.
  bool constant_bitrate = false;
};

/// Encodes one stream of 20 ms ticks into packets that carry a unit and copies of units before it.
///
///     Media2Encoder encoder({.plan = plan_media(path, limits)});
///     for (const Media2Packet& packet : encoder.push(pcm)) {
///       const auto next = session.next_numbers();
///       const auto header = proto::write_media2_header({false, next.epoch, next.seq});
///       send(session.seal_media2(Layout::kShortTag, header, packet.payload, room, now));
///     }
///
/// Allocates in the constructor, and where a plan changes the codec for the first time; never in
/// push(). Single-threaded, movable.
class WZP_CLIENT_EXPORT Media2Encoder {
 public:
  /// Sections waiting for a packet at once.
  static constexpr std::size_t kMostSectionBytes = 120;

  /// Throws std::invalid_argument unless is_valid(options.plan), or if constant bit rate and
  /// silence suppression are both wanted.
  explicit Media2Encoder(const Media2EncoderOptions& options = {});
  ~Media2Encoder();
  Media2Encoder(Media2Encoder&&) noexcept;
  Media2Encoder& operator=(Media2Encoder&&) noexcept;

  /// Takes kSamplesPerTick samples. The packets are valid until the next call; none while a unit is
  /// being filled.
  [[nodiscard]] std::span<const Media2Packet> push(PcmView samples);

  /// A tick of a muted microphone, instead of push(): what was begun is completed, the copies still
  /// owed are sent, then silence is announced once.
  [[nodiscard]] std::span<const Media2Packet> push_muted();

  /// The end of the talk: a unit begun is filled with silence, and the copies still owed are sent
  /// in packets of their own, all at once.
  [[nodiscard]] std::span<const Media2Packet> finish();

  /// Another plan, from the next unit on: a unit that is being filled is completed first, so
  /// nothing is cut or padded. Units of the old plan are still repeated as the new one says. Throws
  /// as the constructor.
  void set_plan(const MediaPlan& plan);
  /// The one in use; with a unit under way this may still be the one before set_plan().
  [[nodiscard]] const MediaPlan& plan() const noexcept;

  /// The loss to expect after repair, 0-100: Opus then relies less on what came before. Stays
  /// through set_plan().
  void set_expected_loss(std::uint8_t percent) noexcept;

  /// Puts a section (proto::Media2Sections) into the next packet, once. False, and nothing happens,
  /// if it is not a valid section or too much is waiting already. A packet is due each
  /// packet_time() while talking, but in a pause only each 200 ms: what is urgent then goes into a
  /// control packet.
  bool attach(std::uint8_t type, ByteView value);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::client
