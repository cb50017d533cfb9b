/// \file
/// Texts in JSON log lines.
#pragma once

#include <string>
#include <string_view>

#include "wzp/relay/export.hpp"

namespace wzp::relay {

/// The text as a JSON string, quotes included. Everything but printable ASCII is escaped, byte by
/// byte: what a peer sent cannot end the line, start another, or make it no UTF-8.
[[nodiscard]] WZP_RELAY_EXPORT std::string json_text(std::string_view text);

}  // namespace wzp::relay
