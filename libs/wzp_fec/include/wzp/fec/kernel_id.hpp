/// \file
/// Which instruction set computes. All give the same bytes; the fastest one of the CPU is the
/// default.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wzp/fec/export.hpp"

namespace wzp::fec {

enum class KernelId : std::uint8_t {
  kScalar,   ///< Plain C++, everywhere.
  kSsse3,    ///< x86, 16 bytes at a time by table look-up.
  kAvx2,     ///< x86, 32 bytes at a time by table look-up.
  kGfni256,  ///< x86 with GFNI and AVX2, 32 bytes at a time by bit matrices.
  kGfni512,  ///< x86 with GFNI and AVX-512, 64 bytes at a time.
  kNeon,     ///< AArch64, 16 bytes at a time by table look-up.
};

/// "scalar", "ssse3", "avx2", "gfni256", "gfni512" or "neon".
[[nodiscard]] WZP_FEC_EXPORT std::string_view to_string(KernelId id) noexcept;

/// The ones this CPU and this build have, slowest first. Never empty.
[[nodiscard]] WZP_FEC_EXPORT std::span<const KernelId> available_kernels() noexcept;

/// The last of available_kernels().
[[nodiscard]] inline KernelId fastest_kernel() noexcept { return available_kernels().back(); }

}  // namespace wzp::fec
