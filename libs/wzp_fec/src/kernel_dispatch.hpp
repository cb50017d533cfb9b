// From a KernelId to its functions.
#pragma once

#include <optional>

#include "kernel.hpp"
#include "wzp/fec/kernel_id.hpp"

namespace wzp::fec {

/// Null if this CPU or build does not have it. Nothing means the fastest one.
const Kernel* find_kernel(std::optional<KernelId> id) noexcept;
const Kernel& fastest_kernel_code() noexcept;

}  // namespace wzp::fec
