#include "wzp/codec/noise_suppressor.hpp"

#include <speex/speex_preprocess.h>

#include <algorithm>
#include <new>

namespace wzp::codec {
namespace {

struct SpeexDelete {
  void operator()(SpeexPreprocessState* state) const noexcept {
    speex_preprocess_state_destroy(state);
  }
};

void set(SpeexPreprocessState* state, int request, int value) noexcept {
  speex_preprocess_ctl(state, request, &value);
}

}  // namespace

struct NoiseSuppressor::Impl {
  std::unique_ptr<SpeexPreprocessState, SpeexDelete> state;

  float process_block(std::int16_t* block) noexcept {
    speex_preprocess_run(state.get(), block);
    int percent = 0;
    speex_preprocess_ctl(state.get(), SPEEX_PREPROCESS_GET_PROB, &percent);
    return static_cast<float>(percent) / 100;
  }
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
    voice = std::max(voice, impl_->process_block(frame.data()));
  }
  return voice;
}

}  // namespace wzp::codec
