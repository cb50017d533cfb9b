#include "wzp/codec/audio_encoder.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>

#include "codec2_stream.hpp"
#include "opus_stream.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::codec {
namespace {

using proto::CodecId;

bool is_opus(CodecId codec) noexcept {
  return codec == CodecId::kOpus24k || codec == CodecId::kOpus16k || codec == CodecId::kOpus6k;
}
bool is_codec2(CodecId codec) noexcept {
  return codec == CodecId::kCodec2_3200 || codec == CodecId::kCodec2_1200;
}

Result<void> check(const EncoderConfig& config) noexcept {
  if (is_opus(config.codec)) return OpusSender::check(config);
  if (is_codec2(config.codec)) return Codec2Sender::check(config);
  return Unexpected(Errc::kUnsupportedCodec);
}

// 40 ms: a frame of every codec.
constexpr std::size_t kHistorySamples = samples_in(std::chrono::milliseconds(40));

}  // namespace

struct AudioEncoder::Impl {
  explicit Impl(const EncoderConfig& wanted) : config(wanted) { open(); }

  // Makes the codec of `config` ready; those used before stay for a later return to them.
  void open() {
    if (is_opus(config.codec)) {
      if (opus) {
        opus->configure(config);
      } else {
        opus.emplace(config);
      }
    } else if (!codec2()) {
      codec2().emplace(config.codec);
    }
  }
  std::optional<Codec2Sender>& codec2() noexcept {
    return config.codec == CodecId::kCodec2_3200 ? codec2_3200 : codec2_1200;
  }

  Result<std::size_t> encode(PcmView frame, MutableBytes out) noexcept {
    return is_opus(config.codec) ? opus->encode(frame, out) : codec2()->encode(frame, out);
  }

  // The codec that takes over hears the last input first.
  void start_after_history() noexcept {
    is_opus(config.codec) ? opus->start_after(history) : codec2()->start_after(history);
  }

  void remember(PcmView frame) noexcept {
    const std::size_t n = std::min(frame.size(), history.size());
    std::copy(history.begin() + static_cast<std::ptrdiff_t>(n), history.end(), history.begin());
    const PcmView tail = frame.last(n);
    std::copy(tail.begin(), tail.end(), history.end() - static_cast<std::ptrdiff_t>(n));
  }

  EncoderConfig config;
  std::optional<OpusSender> opus;
  std::optional<Codec2Sender> codec2_3200;
  std::optional<Codec2Sender> codec2_1200;
  std::array<std::int16_t, kHistorySamples> history{};
};

AudioEncoder::AudioEncoder(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
AudioEncoder::~AudioEncoder() = default;
AudioEncoder::AudioEncoder(AudioEncoder&&) noexcept = default;
AudioEncoder& AudioEncoder::operator=(AudioEncoder&&) noexcept = default;

Result<AudioEncoder> AudioEncoder::create(const EncoderConfig& config) {
  if (auto ok = check(config); !ok) return Unexpected(ok.error());
  try {
    return AudioEncoder(std::make_unique<Impl>(config));
  } catch (const std::runtime_error&) {
    return Unexpected(Errc::kCodecFailure);
  }
}

Result<std::size_t> AudioEncoder::encode(PcmView frame, MutableBytes out) noexcept {
  if (frame.size() != samples_per_frame()) return Unexpected(Errc::kWrongFrameLength);
  impl_->remember(frame);
  return impl_->encode(frame, out);
}

Result<void> AudioEncoder::reconfigure(const EncoderConfig& config) {
  if (auto ok = check(config); !ok) return ok;
  const EncoderConfig before = impl_->config;
  impl_->config = config;
  try {
    impl_->open();
  } catch (const std::runtime_error&) {
    impl_->config = before;
    return Unexpected(Errc::kCodecFailure);
  }
  const bool same =
      before.codec == config.codec || (is_opus(before.codec) && is_opus(config.codec));
  if (!same) impl_->start_after_history();
  return {};
}

Result<void> AudioEncoder::set_bitrate(std::uint32_t bits_per_second) noexcept {
  if (!is_opus(impl_->config.codec)) return Unexpected(Errc::kUnsupportedCodec);
  EncoderConfig changed = impl_->config;
  changed.bits_per_second = bits_per_second;
  if (auto ok = check(changed); !ok) return ok;
  impl_->config = changed;
  impl_->opus->configure(changed);
  return {};
}

void AudioEncoder::set_expected_loss(std::uint8_t percent) noexcept {
  impl_->config.expected_loss_percent = std::min<std::uint8_t>(percent, 100);
  if (is_opus(impl_->config.codec)) impl_->opus->configure(impl_->config);
}

const EncoderConfig& AudioEncoder::config() const noexcept { return impl_->config; }

std::size_t AudioEncoder::samples_per_frame() const noexcept {
  return samples_in(impl_->config.frame_duration);
}

std::chrono::microseconds AudioEncoder::algorithmic_delay() const noexcept {
  if (is_opus(impl_->config.codec)) return impl_->opus->delay();
  return 2 * kFrameRateConverterDelay + kCodec2Delay;
}

}  // namespace wzp::codec
