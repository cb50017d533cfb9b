// Plain C++: what a CPU without vector instructions runs, and what the others are compared with.
#include "kernel_loops.hpp"

namespace wzp::fec {
namespace {

struct ScalarVector {
  using Reg = std::uint8_t;
  using Split = std::uint8_t;
  using Factor = const gf256::NibbleTable*;
  static constexpr std::size_t kWidth = 1;
  static constexpr int kMaxRows = 4;
  static constexpr int kMaxColumns = 1;

  static Reg zero() { return 0; }
  static Reg load(const std::uint8_t* p) { return *p; }
  static void store(std::uint8_t* p, Reg v) { *p = v; }
  static Reg add(Reg a, Reg b) { return static_cast<Reg>(a ^ b); }
  static Split split(Reg v) { return v; }
  static Factor factor(std::uint8_t c) { return &gf256::kNibbleTables.of[c]; }
  static Reg times(Split v, Factor f) {
    return static_cast<Reg>(f->low[v & 0x0f] ^ f->high[v >> 4]);
  }
  static Reg times_alpha(Reg v) {
    return static_cast<Reg>((v << 1) ^ ((v & 0x80) != 0 ? 0x1d : 0));
  }
};

}  // namespace

const Kernel kScalarKernel = make_kernel<ScalarVector>("scalar", 10);

}  // namespace wzp::fec
