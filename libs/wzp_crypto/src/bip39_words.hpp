// The BIP39 English word list as a table.
#pragma once

#include <span>
#include <string_view>

namespace wzp::crypto {

/// Alphabetical; the place of a word is its number.
[[nodiscard]] std::span<const std::string_view, 2048> bip39_words() noexcept;

}  // namespace wzp::crypto
