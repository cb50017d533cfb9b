/// \file
/// Which of the offered quality profiles a callee answers with.
#pragma once

#include <span>

#include "wzp/crypto/export.hpp"
#include "wzp/proto/quality_profile.hpp"

namespace wzp::crypto {

/// The one with the highest nominal_kbps(); of equals the last; kProfileGood if the list is empty
/// or holds no comparable rate (NaN).
[[nodiscard]] WZP_CRYPTO_EXPORT proto::QualityProfile choose_profile(
    std::span<const proto::QualityProfile> offered) noexcept;

}  // namespace wzp::crypto
