/// \file
/// Text of people: UTF-8 (RFC 3629), and its composed normal form (NFC).
#pragma once

#include <optional>
#include <string_view>

#include "wzp/crypto/secret.hpp"

namespace wzp::crypto {

/// UTF-8 that may be shown to people: no control or format characters (which could turn the
/// direction of a line, or be invisible), no private or unassigned code points.
[[nodiscard]] bool is_displayable(std::string_view text) noexcept;

/// The same text in NFC: how it was typed does not matter. Nothing if it is not UTF-8.
[[nodiscard]] std::optional<SecretBytes> to_nfc(std::string_view text);

}  // namespace wzp::crypto
