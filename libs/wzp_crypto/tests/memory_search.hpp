// Looks for secrets in this process's own memory.
#pragma once

#include <cstddef>

#include "wzp/proto/bytes.hpp"

namespace wzp::crypto::test {

/// Places in heap, stack and anonymous mappings that hold `pattern` with each byte inverted. (The
/// search must not find itself, so the caller keeps what it looks for inverted.)
std::size_t places_of_inverted(ByteView pattern);

}  // namespace wzp::crypto::test
