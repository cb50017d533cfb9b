// SSSE3: products by two 16-entry table look-ups (PSHUFB) per 16 bytes.
#include "kernel.hpp"

#if defined(__SSSE3__)
#include <tmmintrin.h>

#include "kernel_loops.hpp"

namespace wzp::fec {
namespace {

struct Ssse3Vector {
  using Reg = __m128i;
  struct Split {
    __m128i low, high;
  };
  struct Factor {
    __m128i low, high;
  };
  static constexpr std::size_t kWidth = 16;
  static constexpr int kMaxRows = 4;
  static constexpr int kMaxColumns = 2;

  static Reg zero() { return _mm_setzero_si128(); }
  static Reg load(const std::uint8_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  static void store(std::uint8_t* p, Reg v) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), v); }
  static Reg add(Reg a, Reg b) { return _mm_xor_si128(a, b); }
  static Split split(Reg v) {
    const __m128i mask = _mm_set1_epi8(0x0f);
    return {_mm_and_si128(v, mask), _mm_and_si128(_mm_srli_epi64(v, 4), mask)};
  }
  static Factor factor(std::uint8_t c) {
    const gf256::NibbleTable& t = gf256::kNibbleTables.of[c];
    return {load(t.low), load(t.high)};
  }
  static Reg times(const Split& v, const Factor& f) {
    return _mm_xor_si128(_mm_shuffle_epi8(f.low, v.low), _mm_shuffle_epi8(f.high, v.high));
  }
  static Reg times_alpha(Reg v) {
    const __m128i carry = _mm_cmpgt_epi8(_mm_setzero_si128(), v);
    return _mm_xor_si128(_mm_add_epi8(v, v), _mm_and_si128(carry, _mm_set1_epi8(0x1d)));
  }
};

constexpr Kernel kKernel = make_kernel<Ssse3Vector>("ssse3", 15);

}  // namespace

const Kernel* const kSsse3Kernel = &kKernel;

}  // namespace wzp::fec
#else
namespace wzp::fec {
const Kernel* const kSsse3Kernel = nullptr;
}
#endif
