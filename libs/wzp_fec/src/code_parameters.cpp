#include "code_parameters.hpp"

#include <algorithm>

#include "rfc6330_tables.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::fec {
namespace {

bool is_prime(std::uint32_t n) noexcept {
  if (n < 2) return false;
  for (std::uint32_t d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return true;
}

// Section 5.3.5.2. Requires: v < 2^20.
std::uint32_t degree(std::uint32_t v, std::uint32_t w) noexcept {
  const auto it = std::upper_bound(kDegreeThresholds.begin(), kDegreeThresholds.end(), v);
  const auto d = static_cast<std::uint32_t>(it - kDegreeThresholds.begin());
  return std::min(d, w - 2);
}

}  // namespace

CodeParameters CodeParameters::for_source_symbols(std::uint32_t k) noexcept {
  WZP_ASSERT(k >= 1 && k <= kMaxSourceSymbols);
  const auto row =
      std::lower_bound(kSystematicRows.begin(), kSystematicRows.end(), k,
                       [](const SystematicRow& r, std::uint32_t n) { return r.k_prime < n; });
  CodeParameters c{};
  c.k_prime = row->k_prime;
  c.j = row->j;
  c.s = row->s;
  c.h = row->h;
  c.w = row->w;
  c.l = c.k_prime + c.s + c.h;
  c.p = c.l - c.w;
  c.b = c.w - c.s;
  c.p1 = c.p;
  while (!is_prime(c.p1)) ++c.p1;
  return c;
}

std::uint32_t rfc_random(std::uint32_t y, std::uint32_t i, std::uint32_t m) noexcept {
  const std::uint32_t x =
      kRandomTables[0][(y + i) & 0xff] ^ kRandomTables[1][((y >> 8) + i) & 0xff] ^
      kRandomTables[2][((y >> 16) + i) & 0xff] ^ kRandomTables[3][((y >> 24) + i) & 0xff];
  return x % m;
}

Tuple rfc_tuple(const CodeParameters& params, std::uint32_t isi) noexcept {
  std::uint32_t a = 53591 + params.j * 997;
  if (a % 2 == 0) ++a;
  const std::uint32_t b = 10267 * (params.j + 1);
  const std::uint32_t y = b + isi * a;  // mod 2^32
  Tuple t{};
  t.d = degree(rfc_random(y, 0, 1U << 20), params.w);
  t.a = 1 + rfc_random(y, 1, params.w - 1);
  t.b = rfc_random(y, 2, params.w);
  t.d1 = t.d < 4 ? 2 + rfc_random(isi, 3, 2) : 2;
  t.a1 = 1 + rfc_random(isi, 4, params.p1 - 1);
  t.b1 = rfc_random(isi, 5, params.p1);
  return t;
}

std::uint32_t lt_neighbours(const CodeParameters& params, std::uint32_t isi,
                            std::array<std::uint32_t, kMaxRowWeight>& out) noexcept {
  Tuple t = rfc_tuple(params, isi);
  std::uint32_t n = 0;
  out[n++] = t.b;
  for (std::uint32_t i = 1; i < t.d; ++i) {
    t.b = (t.b + t.a) % params.w;  // W is prime, so all d <= W-2 values differ
    out[n++] = t.b;
  }
  for (std::uint32_t i = 0; i < t.d1; ++i) {
    if (i != 0) t.b1 = (t.b1 + t.a1) % params.p1;
    while (t.b1 >= params.p) t.b1 = (t.b1 + t.a1) % params.p1;
    out[n++] = params.w + t.b1;
  }
  return n;
}

}  // namespace wzp::fec
