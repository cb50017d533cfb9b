// NEON (AArch64): products by two 16-entry table look-ups (TBL) per 16 bytes.
#include "kernel.hpp"

#if defined(__aarch64__)
#include <arm_neon.h>

#include "kernel_loops.hpp"

namespace wzp::fec {
namespace {

struct NeonVector {
  using Reg = uint8x16_t;
  struct Split {
    uint8x16_t low, high;
  };
  struct Factor {
    uint8x16_t low, high;
  };
  static constexpr std::size_t kWidth = 16;
  static constexpr int kMaxRows = 5;
  static constexpr int kMaxColumns = 4;

  static Reg zero() { return vdupq_n_u8(0); }
  static Reg load(const std::uint8_t* p) { return vld1q_u8(p); }
  static void store(std::uint8_t* p, Reg v) { vst1q_u8(p, v); }
  static Reg add(Reg a, Reg b) { return veorq_u8(a, b); }
  static Split split(Reg v) { return {vandq_u8(v, vdupq_n_u8(0x0f)), vshrq_n_u8(v, 4)}; }
  static Factor factor(std::uint8_t c) {
    const gf256::NibbleTable& t = gf256::kNibbleTables.of[c];
    return {load(t.low), load(t.high)};
  }
  static Reg times(const Split& v, const Factor& f) {
    return veorq_u8(vqtbl1q_u8(f.low, v.low), vqtbl1q_u8(f.high, v.high));
  }
  static Reg times_alpha(Reg v) {
    const uint8x16_t carry = vreinterpretq_u8_s8(vshrq_n_s8(vreinterpretq_s8_u8(v), 7));
    return veorq_u8(vshlq_n_u8(v, 1), vandq_u8(carry, vdupq_n_u8(0x1d)));
  }
};

constexpr Kernel kKernel = make_kernel<NeonVector>("neon", 15);

}  // namespace

const Kernel* const kNeonKernel = &kKernel;

}  // namespace wzp::fec
#else
namespace wzp::fec {
const Kernel* const kNeonKernel = nullptr;
}
#endif
