#include "opus_stream.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "wzp/proto/assert.hpp"
#include "wzp/proto/codec_id.hpp"

namespace wzp::codec {
namespace {

Errc errc_of(int opus_error) noexcept {
  switch (opus_error) {
    case OPUS_BUFFER_TOO_SMALL:
      return Errc::kOutputTooSmall;
    case OPUS_INVALID_PACKET:
      return Errc::kMalformedPacket;
    default:
      return Errc::kCodecFailure;
  }
}

[[noreturn]] void fail_to_start(const char* what, int error) {
  throw std::runtime_error(std::string(what) + ": " + opus_strerror(error));
}

int length(ByteView bytes) noexcept {
  return static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20));
}

}  // namespace

OpusSender::OpusSender(const EncoderConfig& config) {
  int error = OPUS_OK;
  encoder_.reset(opus_encoder_create(kSampleRate, 1, OPUS_APPLICATION_VOIP, &error));
  if (!encoder_) fail_to_start("Opus encoder", error);
  opus_encoder_ctl(encoder_.get(), OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
  configure(config);
}

Result<void> OpusSender::check(const EncoderConfig& config) noexcept {
  constexpr std::array kDurations{10, 20, 40, 60, 80, 100, 120};
  if (std::find(kDurations.begin(), kDurations.end(), config.frame_duration.count()) ==
      kDurations.end()) {
    return Unexpected(Errc::kUnsupportedDuration);
  }
  const auto rate = config.bits_per_second;
  if (rate != 0 && (rate < kMinOpusBitrate || rate > kMaxOpusBitrate)) {
    return Unexpected(Errc::kBitrateOutOfRange);
  }
  return {};
}

void OpusSender::configure(const EncoderConfig& config) noexcept {
  const auto rate =
      config.bits_per_second ? config.bits_per_second : proto::traits(config.codec).bits_per_second;
  OpusEncoder* e = encoder_.get();
  opus_encoder_ctl(e, OPUS_SET_BITRATE(static_cast<opus_int32>(rate)));
  opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(config.in_band_fec ? 1 : 0));
  opus_encoder_ctl(e, OPUS_SET_PACKET_LOSS_PERC(std::min<int>(config.expected_loss_percent, 100)));
  opus_encoder_ctl(e, OPUS_SET_DTX(config.dtx ? 1 : 0));
  opus_encoder_ctl(e, OPUS_SET_MAX_BANDWIDTH(config.wideband_at_most ? OPUS_BANDWIDTH_WIDEBAND
                                                                     : OPUS_BANDWIDTH_FULLBAND));
  opus_encoder_ctl(e, OPUS_SET_VBR(config.constant_bitrate ? 0 : 1));
  opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(std::min<int>(config.complexity, 10)));
}

void OpusSender::start_after(PcmView before) noexcept {
  std::array<std::byte, kEncodedFrameRoom> dropped;
  opus_encoder_ctl(encoder_.get(), OPUS_RESET_STATE);
  static_cast<void>(encode(before, dropped));
  set_independent(true);
}

void OpusSender::set_independent(bool on) noexcept {
  independent_ = on;
  opus_encoder_ctl(encoder_.get(), OPUS_SET_PREDICTION_DISABLED(on ? 1 : 0));
}

Result<std::size_t> OpusSender::encode(PcmView frame, MutableBytes out) noexcept {
  if (out.empty()) return Unexpected(Errc::kOutputTooSmall);
  const auto size = opus_encode(encoder_.get(), frame.data(), static_cast<int>(frame.size()),
                                as_uchars(out.data()), length(out));
  if (size < 0) return Unexpected(errc_of(size));
  if (independent_) set_independent(false);
  return static_cast<std::size_t>(size);
}

std::chrono::microseconds OpusSender::delay() const noexcept {
  opus_int32 samples = 0;
  opus_encoder_ctl(encoder_.get(), OPUS_GET_LOOKAHEAD(&samples));
  return std::chrono::microseconds(std::int64_t{samples} * 1'000'000 / kSampleRate);
}

OpusReceiver::OpusReceiver(int complexity) {
  int error = OPUS_OK;
  decoder_.reset(opus_decoder_create(kSampleRate, 1, &error));
  if (!decoder_) fail_to_start("Opus decoder", error);
  // Refused by libopus before 1.5, where decoders have no complexity.
  opus_decoder_ctl(decoder_.get(), OPUS_SET_COMPLEXITY(complexity));
}

Result<std::size_t> OpusReceiver::samples_in(ByteView packet) noexcept {
  if (packet.empty()) return Unexpected(Errc::kEmptyPayload);
  // Parsed to the end, so that what is accepted here does not fail while decoding.
  std::array<opus_int16, 48> sizes{};
  const int count = opus_packet_parse(as_uchars(packet.data()), length(packet), nullptr, nullptr,
                                      sizes.data(), nullptr);
  const int n = opus_packet_get_nb_samples(as_uchars(packet.data()), length(packet), kSampleRate);
  if (count <= 0 || n <= 0) return Unexpected(Errc::kMalformedPacket);
  return static_cast<std::size_t>(n);
}

// RFC 6716 section 4.2.3-4.2.4: a SILK or hybrid frame begins with one voice flag per 20 ms, then
// the flag that says whether redundancy follows, all with probability 1/2, which the range coder
// places as plain bits from the most significant end of the first byte.
bool OpusReceiver::has_redundancy(ByteView packet) noexcept {
  if (packet.empty() || (std::to_integer<unsigned>(packet[0]) & 0x80U) != 0) return false;  // CELT
  std::array<const unsigned char*, 48> frames{};
  std::array<opus_int16, 48> sizes{};
  const int count = opus_packet_parse(as_uchars(packet.data()), length(packet), nullptr,
                                      frames.data(), sizes.data(), nullptr);
  if (count <= 0 || sizes[0] == 0) return false;
  const int samples = opus_packet_get_samples_per_frame(as_uchars(packet.data()), kSampleRate);
  const int voice_flags = std::max(1, samples / 960);
  return ((frames[0][0] >> (7 - voice_flags)) & 1) != 0;
}

Result<void> OpusReceiver::decode(ByteView packet, MutablePcm out) noexcept {
  const int n = opus_decode(decoder_.get(), as_uchars(packet.data()), length(packet), out.data(),
                            static_cast<int>(out.size()), 0);
  if (n < 0) return Unexpected(errc_of(n));
  WZP_ASSERT(static_cast<std::size_t>(n) == out.size());
  return {};
}

Result<void> OpusReceiver::decode_fec(ByteView packet, MutablePcm out) noexcept {
  const int n = opus_decode(decoder_.get(), as_uchars(packet.data()), length(packet), out.data(),
                            static_cast<int>(out.size()), 1);
  if (n < 0) return Unexpected(errc_of(n));
  return {};
}

void OpusReceiver::conceal(MutablePcm out) noexcept {
  const int n =
      opus_decode(decoder_.get(), nullptr, 0, out.data(), static_cast<int>(out.size()), 0);
  WZP_ASSERT(n == static_cast<int>(out.size()));
  if (n < 0) std::fill(out.begin(), out.end(), std::int16_t{0});
}

void OpusReceiver::reset() noexcept { opus_decoder_ctl(decoder_.get(), OPUS_RESET_STATE); }

}  // namespace wzp::codec
