// GFNI on 512-bit registers, otherwise as kernel_gfni256.cpp.
#include "kernel.hpp"

#if defined(__GFNI__) && defined(__AVX512F__) && defined(__AVX512BW__)
#include <immintrin.h>

#include "kernel_loops.hpp"

namespace wzp::fec {
namespace {

struct Gfni512Vector {
  using Reg = __m512i;
  using Split = __m512i;
  using Factor = __m512i;
  static constexpr std::size_t kWidth = 64;
  static constexpr int kMaxRows = 6;
  static constexpr int kMaxColumns = 4;

  static Reg zero() { return _mm512_setzero_si512(); }
  static Reg load(const std::uint8_t* p) { return _mm512_loadu_si512(p); }
  static void store(std::uint8_t* p, Reg v) { _mm512_storeu_si512(p, v); }
  static Reg add(Reg a, Reg b) { return _mm512_xor_si512(a, b); }
  static Split split(Reg v) { return v; }
  static Factor factor(std::uint8_t c) {
    return _mm512_set1_epi64(static_cast<long long>(gf256::kAffineMatrices.of[c]));
  }
  static Reg times(Split v, Factor f) { return _mm512_gf2p8affine_epi64_epi8(v, f, 0); }
  static Reg times_alpha(Reg v) { return times(v, factor(2)); }
};

constexpr Kernel kKernel = make_kernel<Gfni512Vector>("gfni512", 56);

}  // namespace

const Kernel* const kGfni512Kernel = &kKernel;

}  // namespace wzp::fec
#else
namespace wzp::fec {
const Kernel* const kGfni512Kernel = nullptr;
}
#endif
