/// \file
/// Error values of wzp_fec.
#pragma once

#include <string>
#include <system_error>

#include "wzp/fec/export.hpp"
#include "wzp/proto/expected.hpp"

namespace wzp::fec {

/// Why a call was refused. Numbers are stable and never reused. May grow: handle the default case.
enum class Errc : int {
  kSourceCountOutOfRange = 1,  ///< K outside 1..56,403, or above a configured limit.
  kSymbolSizeOutOfRange = 2,   ///< Symbol size outside 1..65,535, or above a configured limit.
  kWrongSymbolSize = 3,        ///< Bytes that are not of the block's symbol size.
  kWrongBlock = 4,             ///< A symbol of another block.
  kSymbolIdOutOfRange = 5,  ///< Encoding symbol id above 2^24-1, or no source symbol of the block.
  kTooManyRepairSymbols = 6,  ///< All room for repair symbols is taken.
  kNotDecodable = 7,          ///< The symbols received do not determine the block yet.
  kFrameEmpty = 8,            ///< A frame of no bytes.
  kFrameTooLong = 9,          ///< A frame that does not fit a symbol.
  kStaleBlock = 10,           ///< A symbol of a block that has been given up or is long past.
  kContradictsBlock = 11,     ///< A symbol that does not fit what is known of its block.
  kTruncated = 12,            ///< Fewer bytes than the format has.
  kUnsupported = 13,          ///< A valid object description this library does not handle.
  kObjectTooLarge = 14,       ///< More than the limit given by the caller.
  kUnknownKernel = 15,        ///< An instruction set this CPU or build does not have.
};

template <class T>
using Result = wzp::Expected<T, Errc>;

/// Name "wzp.fec"; messages say what was expected.
WZP_FEC_EXPORT const std::error_category& error_category() noexcept;

inline std::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_category()};
}

}  // namespace wzp::fec

template <>
struct std::is_error_code_enum<wzp::fec::Errc> : std::true_type {};
