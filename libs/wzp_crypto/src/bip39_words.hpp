// The BIP39 English word list as a table.
#pragma once

#include <array>
#include <string_view>

namespace wzp::crypto {

extern const std::array<std::string_view, 2048> kBip39Words;

}  // namespace wzp::crypto
