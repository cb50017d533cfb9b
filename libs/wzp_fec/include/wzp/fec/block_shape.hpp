/// \file
/// What two ends must agree on to code a block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "wzp/fec/kernel_id.hpp"

namespace wzp::fec {

/// Most source symbols RFC 6330 codes in one block.
inline constexpr std::uint32_t kMaxSourceSymbolsPerBlock = 56403;
/// Largest encoding symbol id: 24 bits on the wire.
inline constexpr std::uint32_t kMaxEsi = (1U << 24) - 1;

/// One source block. Towards another RFC 6330 implementation this is Z = N = 1.
struct BlockShape {
  std::uint32_t source_symbols = 0;  ///< K, 1..56,403.
  std::size_t symbol_size = 0;       ///< T in bytes, 1..65,535.

  bool operator==(const BlockShape&) const = default;
};

/// RFC 6330 section 3.2: which symbol a packet carries. Ids below K are source symbols.
struct SymbolId {
  std::uint8_t block = 0;
  std::uint32_t esi = 0;  ///< 0..2^24-1.

  bool operator==(const SymbolId&) const = default;
};

struct BlockEncoderOptions {
  std::optional<KernelId> kernel{};  ///< Nothing: the fastest this CPU has.
};

struct BlockDecoderOptions {
  std::optional<KernelId> kernel{};  ///< Nothing: the fastest this CPU has.
  /// Room for this many repair symbols per block; more are refused with kTooManyRepairSymbols.
  /// Nothing: K + 16.
  std::optional<std::uint32_t> max_repair_symbols{};
};

}  // namespace wzp::fec
