#include "rfc6330_tables.hpp"

#include <catch2/catch_test_macros.hpp>

#include "code_parameters.hpp"
#include "gf256.hpp"

namespace wzp::fec {
namespace {

struct Checksums {
  std::uint32_t first = 0, last = 0, sum = 0, parity = 0;
  bool operator==(const Checksums&) const = default;
};

Checksums checksums(const std::array<std::uint32_t, 256>& table) {
  Checksums c{table.front(), table.back(), 0, 0};
  for (const std::uint32_t v : table) {
    c.sum += v;
    c.parity ^= v;
  }
  return c;
}

TEST_CASE("the random tables have the checksums of RFC 6330's text") {
  CHECK(checksums(kRandomTables[0]) == Checksums{251291136, 1358307511, 331395769, 2200914733});
  CHECK(checksums(kRandomTables[1]) == Checksums{807385413, 4135048896, 3270332586, 3069643552});
  CHECK(checksums(kRandomTables[2]) == Checksums{1629829892, 3497665928, 1176160967, 620986173});
  CHECK(checksums(kRandomTables[3]) == Checksums{1191369816, 3432275192, 3374522247, 1772968547});
}

TEST_CASE("every block size has parameters as RFC 6330 wants them") {
  std::uint32_t before = 0;
  std::uint64_t sum_of_indices = 0;
  for (const SystematicRow& row : kSystematicRows) {
    CHECK(row.k_prime > before);
    CHECK(row.h <= 16);
    CHECK(row.w <= row.k_prime + row.s);
    for (std::uint32_t d = 2; d < row.s; ++d) CHECK(row.s % d != 0);
    for (std::uint32_t d = 2; d * d <= row.w; ++d) CHECK(row.w % d != 0);
    sum_of_indices += row.j;
    before = row.k_prime;
  }
  CHECK(before == kMaxSourceSymbols);
  CHECK(sum_of_indices == 229322);
}

TEST_CASE("blocks of up to ten symbols have the parameters and tuples of the specification") {
  for (const std::uint32_t k : {1U, 5U, 8U, 10U}) {
    const CodeParameters c = CodeParameters::for_source_symbols(k);
    CHECK(c.k_prime == 10);
    CHECK(c.j == 254);
    CHECK(c.s == 7);
    CHECK(c.h == 10);
    CHECK(c.w == 17);
    CHECK(c.l == 27);
    CHECK(c.p == 10);
    CHECK(c.p1 == 11);
    CHECK(c.b == 10);
  }
  const std::uint32_t expected[][6] = {{2, 15, 15, 2, 10, 7}, {2, 12, 7, 2, 9, 10},
                                       {10, 12, 7, 2, 5, 5},  {2, 4, 2, 3, 4, 4},
                                       {2, 7, 9, 2, 7, 7},    {2, 7, 7, 3, 2, 8}};
  for (std::uint32_t i = 0; i < 6; ++i) {
    const Tuple t = rfc_tuple(CodeParameters::for_source_symbols(10), 10 + i);
    const std::uint32_t got[] = {t.d, t.a, t.b, t.d1, t.a1, t.b1};
    for (int n = 0; n < 6; ++n) CHECK(got[n] == expected[i][n]);
  }
}

TEST_CASE("multiplication is that of the field with polynomial 0x11D") {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      unsigned product = 0;
      for (unsigned bit = 0; bit < 8; ++bit) {
        if ((b >> bit & 1U) != 0) product ^= a << bit;
      }
      for (unsigned bit = 15; bit >= 8; --bit) {
        if ((product >> bit & 1U) != 0) product ^= 0x11dU << (bit - 8);
      }
      const auto x = static_cast<std::uint8_t>(a);
      const auto y = static_cast<std::uint8_t>(b);
      if (gf256::mul(x, y) != product) FAIL("product of " << a << " and " << b);
    }
  }
  for (unsigned a = 1; a < 256; ++a) {
    const auto x = static_cast<std::uint8_t>(a);
    CHECK(gf256::mul(x, gf256::inverse(x)) == 1);
  }
}

}  // namespace
}  // namespace wzp::fec
