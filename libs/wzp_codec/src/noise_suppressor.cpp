#include "wzp/codec/noise_suppressor.hpp"

#include <speex/speex_preprocess.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <new>

#include "saturate.hpp"
#include "wzp/codec/noise_floor.hpp"

namespace wzp::codec {
namespace {

struct SpeexDelete {
  void operator()(SpeexPreprocessState* state) const noexcept {
    speex_preprocess_state_destroy(state);
  }
};

// Loudest block over background: in noise at 15 dB about 34, in clean recordings 50 and more.
constexpr float kNoisyDb = 34;
constexpr float kCleanDb = 40;
constexpr float kForget = 0.999F;    // per block: 6 dB in 7 s
constexpr float kShareStep = 0.02F;  // per block: half a second from one end to the other

void set(SpeexPreprocessState* state, int request, int value) noexcept {
  speex_preprocess_ctl(state, request, &value);
}

}  // namespace

struct NoiseSuppressor::Impl {
  using Block = std::array<std::int16_t, kBlock>;

  // Speech far above its background needs no help and would only lose by it.
  [[nodiscard]] float wanted_share() const noexcept {
    const float ratio = 20 * std::log10((loudness + 1e-3F) / (background.rms() + 1e-3F));
    return std::clamp((kCleanDb - ratio) / (kCleanDb - kNoisyDb), 0.0F, 1.0F);
  }

  void measure(PcmView block) noexcept {
    double energy = 0;
    for (const std::int16_t s : block) energy += static_cast<double>(s) * s;
    loudness = std::max(loudness * kForget, static_cast<float>(std::sqrt(energy / kBlock)));
    // A muted microphone says nothing about the room.
    if (energy > 0) background.observe(block);
  }

  // `cleaned` is as late as `dry`, so that the two may be mixed.
  void blend(PcmView dry, MutablePcm cleaned) noexcept {
    const float target = std::clamp(wanted_share(), share - kShareStep, share + kShareStep);
    const float step = (target - share) / kBlock;
    for (std::size_t i = 0; i < kBlock; ++i) {
      share += step;
      const auto d = static_cast<float>(dry[i]);
      cleaned[i] = saturate(d + (static_cast<float>(cleaned[i]) - d) * share);
    }
    share = target;
  }

  float process_block(MutablePcm block) noexcept {
    Block before;
    std::copy(block.begin(), block.end(), before.begin());
    measure(block);
    speex_preprocess_run(state.get(), block.data());
    int percent = 0;
    speex_preprocess_ctl(state.get(), SPEEX_PREPROCESS_GET_PROB, &percent);
    blend(delayed, block);
    delayed = before;
    return static_cast<float>(percent) / 100;
  }

  std::unique_ptr<SpeexPreprocessState, SpeexDelete> state;
  Block delayed{};
  NoiseFloor background;
  float loudness = 0;  // RMS of the loudest recent block
  float share = 1;     // of the cleaned signal in the output
};

NoiseSuppressor::NoiseSuppressor(const NoiseSuppressorConfig& config)
    : impl_(std::make_unique<Impl>()) {
  impl_->state.reset(
      speex_preprocess_state_init(static_cast<int>(kBlock), static_cast<int>(kSampleRate)));
  if (!impl_->state) throw std::bad_alloc();
  set(impl_->state.get(), SPEEX_PREPROCESS_SET_DENOISE, 1);
  set(impl_->state.get(), SPEEX_PREPROCESS_SET_NOISE_SUPPRESS,
      -std::clamp<int>(config.strongest_db, 1, 60));
}
NoiseSuppressor::~NoiseSuppressor() = default;
NoiseSuppressor::NoiseSuppressor(NoiseSuppressor&&) noexcept = default;
NoiseSuppressor& NoiseSuppressor::operator=(NoiseSuppressor&&) noexcept = default;

Result<float> NoiseSuppressor::process(MutablePcm frame) noexcept {
  if (frame.empty() || frame.size() % kBlock != 0) return Unexpected(Errc::kWrongFrameLength);
  float voice = 0;
  for (; !frame.empty(); frame = frame.subspan(kBlock)) {
    voice = std::max(voice, impl_->process_block(frame.first(kBlock)));
  }
  return voice;
}

}  // namespace wzp::codec
