// GFNI on 256-bit registers: a product is one bit-matrix multiplication (GF2P8AFFINEQB). The
// instruction's own multiplication is of another polynomial (0x11B), so it is not used.
#include "kernel.hpp"

#if defined(__GFNI__) && defined(__AVX2__)
#include <immintrin.h>

#include "kernel_loops.hpp"

namespace wzp::fec {
namespace {

struct Gfni256Vector {
  using Reg = __m256i;
  using Split = __m256i;
  using Factor = __m256i;
  static constexpr std::size_t kWidth = 32;
  static constexpr int kMaxRows = 5;
  static constexpr int kMaxColumns = 2;

  static Reg zero() { return _mm256_setzero_si256(); }
  static Reg load(const std::uint8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void store(std::uint8_t* p, Reg v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
  }
  static Reg add(Reg a, Reg b) { return _mm256_xor_si256(a, b); }
  static Split split(Reg v) { return v; }
  static Factor factor(std::uint8_t c) {
    return _mm256_set1_epi64x(static_cast<long long>(gf256::kAffineMatrices.of[c]));
  }
  static Reg times(Split v, Factor f) { return _mm256_gf2p8affine_epi64_epi8(v, f, 0); }
  static Reg times_alpha(Reg v) { return times(v, factor(2)); }
};

constexpr Kernel kKernel = make_kernel<Gfni256Vector>("gfni256", 39);

}  // namespace

const Kernel* const kGfni256Kernel = &kKernel;

}  // namespace wzp::fec
#else
namespace wzp::fec {
const Kernel* const kGfni256Kernel = nullptr;
}
#endif
