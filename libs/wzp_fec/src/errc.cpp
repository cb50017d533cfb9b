#include "wzp/fec/errc.hpp"

namespace wzp::fec {
namespace {

const char* message_of(Errc e) {
  switch (e) {
    case Errc::kSourceCountOutOfRange:
      return "number of source symbols outside 1..56403 or above the configured limit";
    case Errc::kSymbolSizeOutOfRange:
      return "symbol size outside 1..65535 or above the configured limit";
    case Errc::kWrongSymbolSize:
      return "symbol is not of the block's symbol size";
    case Errc::kWrongBlock:
      return "symbol belongs to another block";
    case Errc::kSymbolIdOutOfRange:
      return "encoding symbol id above 16777215, or not a source symbol of this block";
    case Errc::kTooManyRepairSymbols:
      return "no room for another repair symbol";
    case Errc::kNotDecodable:
      return "the symbols received do not determine the block yet";
    case Errc::kFrameEmpty:
      return "frame of no bytes";
    case Errc::kFrameTooLong:
      return "frame does not fit a symbol";
    case Errc::kStaleBlock:
      return "symbol of a block that was given up or is long past";
    case Errc::kContradictsBlock:
      return "symbol contradicts what is known of its block";
    case Errc::kTruncated:
      return "fewer bytes than the format has";
    case Errc::kUnsupported:
      return "object description uses sub-blocks, which are not supported";
    case Errc::kObjectTooLarge:
      return "object larger than the limit given";
    case Errc::kUnknownKernel:
      return "this CPU or build does not have that instruction set";
  }
  return "unknown error of wzp.fec";
}

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "wzp.fec"; }
  [[nodiscard]] std::string message(int value) const override {
    return message_of(static_cast<Errc>(value));
  }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

}  // namespace wzp::fec
