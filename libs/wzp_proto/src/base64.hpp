// RFC 4648 base64 with padding, strict when decoding.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/proto/bytes.hpp"

namespace wzp::proto {

void append_base64(std::string& out, ByteView bytes);

/// Nothing for a wrong length, character or padding, or if bits behind the last byte are not 0.
[[nodiscard]] std::optional<std::vector<std::byte>> decode_base64(std::string_view text);

}  // namespace wzp::proto
