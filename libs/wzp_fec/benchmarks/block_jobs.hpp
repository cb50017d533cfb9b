// The jobs that fec_bench measures: a whole block each time, from K symbols given to the result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wzp/fec/block_decoder.hpp"
#include "wzp/fec/block_encoder.hpp"

namespace wzp::fec::bench {

constexpr std::size_t kSymbolSize = 256;

struct Job {
  std::string name;
  std::uint32_t k = 0;
  std::uint32_t repair = 0;  ///< Repair symbols made (encode) or used (decode: as many are lost).
  bool decode = false;
};

/// A block of random symbols and its repair symbols, and the coder under test.
class BlockJob {
 public:
  BlockJob(const Job& job, KernelId kernel);

  /// One block. Not inlined, so that callgrind can be told to count only this.
  [[gnu::noinline]] void run();

  /// Whether the last run gave the right bytes.
  [[nodiscard]] bool check() const;

 private:
  void encode();
  void decode();

  Job job_;
  std::vector<std::byte> source_, repair_, out_;
  std::vector<std::uint32_t> lost_;
  std::vector<bool> is_lost_;
  BlockEncoder encoder_;
  BlockDecoder decoder_;
  std::uint8_t block_ = 0;
};

}  // namespace wzp::fec::bench
