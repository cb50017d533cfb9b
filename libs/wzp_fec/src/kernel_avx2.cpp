// AVX2: products by two 16-entry table look-ups (VPSHUFB) per 32 bytes.
#include "kernel.hpp"

#if defined(__AVX2__)
#include <immintrin.h>

#include "kernel_loops.hpp"

namespace wzp::fec {
namespace {

struct Avx2Vector {
  using Reg = __m256i;
  struct Split {
    __m256i low, high;
  };
  struct Factor {
    __m256i low, high;
  };
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
  static Split split(Reg v) {
    const __m256i mask = _mm256_set1_epi8(0x0f);
    return {_mm256_and_si256(v, mask), _mm256_and_si256(_mm256_srli_epi64(v, 4), mask)};
  }
  static Factor factor(std::uint8_t c) {
    const gf256::NibbleTable& t = gf256::kNibbleTables.of[c];
    return {_mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(t.low))),
            _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(t.high)))};
  }
  static Reg times(const Split& v, const Factor& f) {
    return _mm256_xor_si256(_mm256_shuffle_epi8(f.low, v.low), _mm256_shuffle_epi8(f.high, v.high));
  }
  static Reg times_alpha(Reg v) {
    const __m256i carry = _mm256_cmpgt_epi8(_mm256_setzero_si256(), v);
    return _mm256_xor_si256(_mm256_add_epi8(v, v), _mm256_and_si256(carry, _mm256_set1_epi8(0x1d)));
  }
};

constexpr Kernel kKernel = make_kernel<Avx2Vector>("avx2", 17);

}  // namespace

const Kernel* const kAvx2Kernel = &kKernel;

}  // namespace wzp::fec
#else
namespace wzp::fec {
const Kernel* const kAvx2Kernel = nullptr;
}
#endif
