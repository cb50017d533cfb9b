#include "codec2_stream.hpp"

#include <codec2.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "saturate.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::codec {
namespace {

constexpr std::size_t kStep8k = 80;    // 10 ms
constexpr std::size_t kHeldSteps = 2;  // concealment at full level
constexpr float kFadePerStep = 0.8F;   // then -1.9 dB each 10 ms: -35 dB after 200 ms
constexpr std::size_t kSilentAfterSteps = 24;
constexpr std::size_t kJoin8k = 40;  // 5 ms between repeated and real speech
constexpr auto kLongestPacket = std::chrono::milliseconds(120);

// sqrt(3): a uniform distribution's bound over its RMS.
constexpr float kBoundPerRms = 1.7320508F;

Codec2Handle open(int mode) {
  Codec2Handle state(codec2_create(mode));
  if (!state) throw std::runtime_error("Codec2: the library lacks mode " + std::to_string(mode));
  return state;
}

// libcodec2 has no reset. Making a new state takes 13 us and 30 kB.
void renew(Codec2Handle& state, int mode) noexcept {
  if (CODEC2* fresh = codec2_create(mode)) state.reset(fresh);
}

bool is_codec2(proto::CodecId codec) noexcept {
  return codec == proto::CodecId::kCodec2_3200 || codec == proto::CodecId::kCodec2_1200;
}

}  // namespace

void Codec2Delete::operator()(CODEC2* state) const noexcept { codec2_destroy(state); }

Codec2Mode Codec2Mode::of(proto::CodecId codec) noexcept {
  WZP_ASSERT(is_codec2(codec));
  if (codec == proto::CodecId::kCodec2_3200) return {CODEC2_MODE_3200, 8, 160};
  return {CODEC2_MODE_1200, 6, 320};
}

// -- sending --------------------------------------------------------------------------------------

Codec2Sender::Codec2Sender(proto::CodecId codec)
    : mode_(Codec2Mode::of(codec)), state_(open(mode_.mode)), down_(kSampleRate, 8000) {}

Result<void> Codec2Sender::check(const EncoderConfig& config) noexcept {
  const auto frame = proto::traits(config.codec).nominal_frame;
  const auto wanted = config.frame_duration;
  if (wanted <= wanted.zero() || wanted > kLongestPacket || wanted % frame != wanted.zero()) {
    return Unexpected(Errc::kUnsupportedDuration);
  }
  const auto rate = config.bits_per_second;
  if (rate != 0 && rate != proto::traits(config.codec).bits_per_second) {
    return Unexpected(Errc::kBitrateOutOfRange);
  }
  return {};
}

Result<std::size_t> Codec2Sender::encode(PcmView frame, MutableBytes out) noexcept {
  const std::size_t size = frame.size() / mode_.samples_48k() * mode_.bytes;
  if (out.size() < size) return Unexpected(Errc::kOutputTooSmall);
  std::array<std::int16_t, kMaxCodec2Samples8k> speech;
  for (std::size_t at = 0; at < size; at += mode_.bytes) {
    const std::span narrow = std::span(speech).first(mode_.samples_8k);
    for (std::size_t i = 0; i < narrow.size(); i += kStep8k) {
      down_.process(frame.first(6 * kStep8k), narrow.subspan(i, kStep8k));
      frame = frame.subspan(6 * kStep8k);
    }
    codec2_encode(state_.get(), as_uchars(out.data() + at), narrow.data());
  }
  return size;
}

// Mode 1200 codes pitch and energy as a difference to the frame before, so encoder and decoder have
// to start from nothing together. Only the filter may know the past.
void Codec2Sender::start_after(PcmView before) noexcept {
  renew(state_, mode_.mode);
  down_.reset();
  std::array<std::int16_t, kStep8k> dropped;
  for (; before.size() >= 6 * kStep8k; before = before.subspan(6 * kStep8k)) {
    down_.process(before.first(6 * kStep8k), dropped);
  }
}

// -- receiving ------------------------------------------------------------------------------------

Codec2Receiver::Codec2Receiver(proto::CodecId codec, std::uint64_t noise_seed)
    : mode_(Codec2Mode::of(codec)),
      state_(open(mode_.mode)),
      up_(8000, kSampleRate),
      background_(160),
      noise_(noise_seed),
      repeated_used_(mode_.samples_8k) {}

Result<std::size_t> Codec2Receiver::samples_in(proto::CodecId codec, ByteView packet) noexcept {
  const Codec2Mode mode = Codec2Mode::of(codec);
  if (packet.empty()) return Unexpected(Errc::kEmptyPayload);
  const std::size_t frames = packet.size() / mode.bytes;
  if (packet.size() % mode.bytes != 0 || frames * mode.samples_48k() > kMaxPacketSamples) {
    return Unexpected(Errc::kWrongPayloadSize);
  }
  return frames * mode.samples_48k();
}

void Codec2Receiver::decode(ByteView packet, MutablePcm out) noexcept {
  for (; !packet.empty(); packet = packet.subspan(mode_.bytes)) {
    decode_frame(packet.first(mode_.bytes), out.first(mode_.samples_48k()));
    out = out.subspan(mode_.samples_48k());
  }
}

void Codec2Receiver::decode_frame(ByteView bytes, MutablePcm out) noexcept {
  Frame8k speech;
  const std::span frame = std::span(speech).first(mode_.samples_8k);
  codec2_decode(state_.get(), frame.data(), as_uchars(bytes.data()));
  std::copy(bytes.begin(), bytes.end(), last_.begin());
  has_last_ = true;
  background_.observe(frame);
  if (concealed_steps_ != 0) fade_out_of_concealment(frame);
  for (std::size_t i = 0; i < frame.size(); i += kStep8k) {
    up_.process(frame.subspan(i, kStep8k), out.subspan(6 * i, 6 * kStep8k));
  }
}

// The synthesiser's phase has moved on by the whole repeated frame. If part of that was not played,
// it is faded out under the real speech, which rises from the concealment's level meanwhile.
void Codec2Receiver::fade_out_of_concealment(std::span<std::int16_t> frame) noexcept {
  const std::size_t left = std::min(kJoin8k, mode_.samples_8k - repeated_used_);
  const float start = left == 0 ? gain_ : 0.0F;
  for (std::size_t i = 0; i < kJoin8k; ++i) {
    const float rise = static_cast<float>(i + 1) / kJoin8k;
    float sample = static_cast<float>(frame[i]) * (start + (1 - start) * rise);
    if (i < left) sample += static_cast<float>(repeated_[repeated_used_ + i]) * gain_ * (1 - rise);
    frame[i] = saturate(sample);
  }
  noise_.add(frame, 0);
  gain_ = 1;
  concealed_steps_ = 0;
  repeated_used_ = mode_.samples_8k;
}

void Codec2Receiver::conceal(MutablePcm out) noexcept {
  std::array<std::int16_t, kStep8k> step;
  for (; !out.empty(); out = out.subspan(6 * kStep8k)) {
    conceal_step(step);
    up_.process(step, out.first(6 * kStep8k));
  }
}

void Codec2Receiver::conceal_step(std::span<std::int16_t> step) noexcept {
  ++concealed_steps_;
  if (!has_last_ || concealed_steps_ > kSilentAfterSteps) {
    gain_ = 0;
    std::fill(step.begin(), step.end(), std::int16_t{0});
  } else {
    if (repeated_used_ == mode_.samples_8k) {
      codec2_decode(state_.get(), repeated_.data(), as_uchars(last_.data()));
      repeated_used_ = 0;
    }
    const float target = concealed_steps_ <= kHeldSteps ? 1.0F : gain_ * kFadePerStep;
    for (std::size_t i = 0; i < step.size(); ++i) {
      const float gain = gain_ + (target - gain_) * static_cast<float>(i + 1) / kStep8k;
      step[i] = saturate(static_cast<float>(repeated_[repeated_used_ + i]) * gain);
    }
    repeated_used_ += step.size();
    gain_ = target;
  }
  noise_.add(step, background_.rms() * kBoundPerRms * (1 - gain_));
}

void Codec2Receiver::reset() noexcept {
  renew(state_, mode_.mode);
  up_.reset();
  background_.reset();
  has_last_ = false;
  repeated_used_ = mode_.samples_8k;
  concealed_steps_ = 0;
  gain_ = 1;
}

}  // namespace wzp::codec
