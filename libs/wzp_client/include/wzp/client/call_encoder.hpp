/// \file
/// One direction of a call's media: PCM in, packets out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "wzp/client/audio.hpp"
#include "wzp/client/export.hpp"
#include "wzp/proto/bytes.hpp"
#include "wzp/proto/quality_profile.hpp"
#include "wzp/proto/quality_report.hpp"

namespace wzp::client {

/// One packet to send, in plain media packet form (docs/wire/media.md).
struct EncodedPacket {
  ByteView bytes;
  bool is_repair = false;
};

struct CallEncoderOptions {
  proto::QualityProfile profile = proto::kProfileGood;
  /// Sends nothing but comfort noise while nobody speaks: a packet with the measured background
  /// level as a pause begins, and one each 200 ms. The block that the pause interrupts is protected
  /// at once. Word beginnings are kept: at an onset the 40 ms before it are sent too, in one go.
  bool silence_suppression = false;
  /// Takes steady noise out (codec::NoiseSuppressor); 10 ms of delay.
  bool noise_suppression = false;
  /// Brings speech to -22 dBFS (codec::GainControl); 2 ms of delay.
  bool gain_control = false;
  /// All packets of a codec have one size: nothing about the speech shows in sizes. Excludes
  /// silence_suppression.
  bool constant_bitrate = false;
  /// Repair symbols as short as the block allows, told in byte 10 of their header (feature
  /// "fec-symsize", fec::SymbolPolicy::kFitBlock). For receivers that know it, and not with
  /// end-to-end encryption, which needs that byte.
  bool fit_repair_symbols = false;
};

/// Encodes, packetises and protects one stream of 20 ms frames. The packets are those of the
/// reference: one counter for source and repair packets, media time that counts frames offered, a
/// block of repair packets behind every frames_per_block source packets, repair symbols without
/// their trailing zeros.
///
///     CallEncoder encoder(proto::kProfileGood);
///     for (const EncodedPacket& packet : encoder.push(pcm)) send(packet.bytes);
///
/// Allocates in the constructor and in set_profile() only. Single-threaded, movable.
class WZP_CLIENT_EXPORT CallEncoder {
 public:
  /// Throws std::invalid_argument for a profile no encoder exists for: comfort noise, a frame that
  /// is not 20, 40 or 60 ms, a block of 0 or more than 32 frames, a ratio outside 0-2, or for
  /// options that exclude each other.
  explicit CallEncoder(const proto::QualityProfile& profile);
  explicit CallEncoder(const CallEncoderOptions& options);
  ~CallEncoder();
  CallEncoder(CallEncoder&&) noexcept;
  CallEncoder& operator=(CallEncoder&&) noexcept;

  /// Takes kSamplesPerTick samples. The packets, none while a longer frame is being filled, are
  /// valid until the next call.
  [[nodiscard]] std::span<const EncodedPacket> push(PcmView samples);

  /// A tick that is not to be heard: media time goes on, the block begun is protected at once, and
  /// the first of several tells receivers of a pause.
  [[nodiscard]] std::span<const EncodedPacket> push_muted();

  /// The end of the talk: a frame begun is filled with silence, a block begun is protected as it
  /// is.
  [[nodiscard]] std::span<const EncodedPacket> finish();

  /// Another profile from the next frame on, with a block of its own. The packets are what finish()
  /// would have given. Throws as the constructor.
  [[nodiscard]] std::span<const EncodedPacket> set_profile(const proto::QualityProfile& profile);
  [[nodiscard]] const proto::QualityProfile& profile() const noexcept;

  /// What receivers report to be lost on the way, 0-100: above 0 Opus packets carry a low-rate copy
  /// of the frame before them where the rate leaves room. Stays through set_profile().
  void set_expected_loss(std::uint8_t percent) noexcept;

  /// The next packet that carries sound ends with this report, once.
  void attach_report(const proto::QualityReport& report) noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::client
