#include "kernel_dispatch.hpp"

#include <array>

namespace wzp::fec {
namespace {

const Kernel* code_of(KernelId id) noexcept {
  switch (id) {
    case KernelId::kScalar:
      return &kScalarKernel;
    case KernelId::kSsse3:
      return kSsse3Kernel;
    case KernelId::kAvx2:
      return kAvx2Kernel;
    case KernelId::kGfni256:
      return kGfni256Kernel;
    case KernelId::kGfni512:
      return kGfni512Kernel;
    case KernelId::kNeon:
      return kNeonKernel;
  }
  return nullptr;
}

bool cpu_has(KernelId id) noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init();
  const bool gfni = __builtin_cpu_supports("gfni") != 0;
  switch (id) {
    case KernelId::kScalar:
      return true;
    case KernelId::kSsse3:
      return __builtin_cpu_supports("ssse3") != 0;
    case KernelId::kAvx2:
      return __builtin_cpu_supports("avx2") != 0;
    case KernelId::kGfni256:
      return gfni && __builtin_cpu_supports("avx2") != 0;
    case KernelId::kGfni512:
      return gfni && __builtin_cpu_supports("avx512f") != 0 &&
             __builtin_cpu_supports("avx512bw") != 0;
    default:
      return false;
  }
#else
  return id == KernelId::kScalar || id == KernelId::kNeon;
#endif
}

struct Available {
  std::array<KernelId, 6> ids{};
  std::size_t count = 0;
  Available() noexcept {
    for (const KernelId id : {KernelId::kScalar, KernelId::kSsse3, KernelId::kAvx2,
                              KernelId::kGfni256, KernelId::kGfni512, KernelId::kNeon}) {
      if (code_of(id) != nullptr && cpu_has(id)) ids[count++] = id;
    }
  }
};

}  // namespace

std::string_view to_string(KernelId id) noexcept {
  switch (id) {
    case KernelId::kScalar:
      return "scalar";
    case KernelId::kSsse3:
      return "ssse3";
    case KernelId::kAvx2:
      return "avx2";
    case KernelId::kGfni256:
      return "gfni256";
    case KernelId::kGfni512:
      return "gfni512";
    case KernelId::kNeon:
      return "neon";
  }
  return "unknown";
}

std::span<const KernelId> available_kernels() noexcept {
  static const Available available;
  return std::span(available.ids).first(available.count);
}

const Kernel* find_kernel(std::optional<KernelId> id) noexcept {
  if (!id) return &fastest_kernel_code();
  for (const KernelId have : available_kernels()) {
    if (have == *id) return code_of(have);
  }
  return nullptr;
}

const Kernel& fastest_kernel_code() noexcept { return *code_of(fastest_kernel()); }

}  // namespace wzp::fec
