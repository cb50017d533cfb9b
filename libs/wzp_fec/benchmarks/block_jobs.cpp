#include "block_jobs.hpp"

#include <algorithm>
#include <random>

namespace wzp::fec::bench {
namespace {

std::vector<std::byte> random_bytes(std::size_t n) {
  std::mt19937_64 random(n);
  std::vector<std::byte> out(n);
  for (std::byte& b : out) b = static_cast<std::byte>(random());
  return out;
}

std::vector<std::uint32_t> choose_lost(std::uint32_t k, std::uint32_t count) {
  std::vector<std::uint32_t> all(k);
  for (std::uint32_t i = 0; i < k; ++i) all[i] = i;
  std::shuffle(all.begin(), all.end(), std::mt19937(k));
  all.resize(std::min(k, count));
  std::sort(all.begin(), all.end());
  return all;
}

ByteView symbol(const std::vector<std::byte>& symbols, std::uint32_t i) {
  return ByteView(symbols).subspan(std::size_t{i} * kSymbolSize, kSymbolSize);
}

}  // namespace

BlockJob::BlockJob(const Job& job, KernelId kernel)
    : job_(job),
      source_(random_bytes(job.k * kSymbolSize)),
      repair_((job.repair + 2) * kSymbolSize),
      out_(job.repair * kSymbolSize),
      lost_(choose_lost(job.k, job.repair)),
      is_lost_(job.k),
      encoder_(std::move(*BlockEncoder::create({job.k, kSymbolSize}, {.kernel = kernel}))),
      decoder_(std::move(*BlockDecoder::create({job.k, kSymbolSize}, {.kernel = kernel}))) {
  for (const std::uint32_t i : lost_) is_lost_[i] = true;
  BlockEncoder reference =
      std::move(*BlockEncoder::create({job.k, kSymbolSize}, {.kernel = KernelId::kScalar}));
  for (std::uint32_t i = 0; i < job.k; ++i) {
    static_cast<void>(reference.set_source(i, symbol(source_, i)));
  }
  static_cast<void>(reference.encode(job.k, repair_));
}

void BlockJob::run() { job_.decode ? decode() : encode(); }

void BlockJob::encode() {
  for (std::uint32_t i = 0; i < job_.k; ++i) {
    static_cast<void>(encoder_.set_source(i, symbol(source_, i)));
  }
  static_cast<void>(encoder_.encode(job_.k, out_));
}

void BlockJob::decode() {
  decoder_.reset(++block_);
  for (std::uint32_t i = 0; i < job_.k; ++i) {
    if (!is_lost_[i]) static_cast<void>(decoder_.add({block_, i}, symbol(source_, i)));
  }
  for (std::uint32_t i = 0; !decoder_.decodable() && i < job_.repair + 2; ++i) {
    static_cast<void>(decoder_.add({block_, job_.k + i}, symbol(repair_, i)));
  }
  static_cast<void>(decoder_.decode());
}

bool BlockJob::check() const {
  if (!job_.decode) return std::equal(out_.begin(), out_.end(), repair_.begin());
  return std::all_of(lost_.begin(), lost_.end(), [&](std::uint32_t i) {
    return decoder_.has_source(i) && std::ranges::equal(decoder_.source(i), symbol(source_, i));
  });
}

}  // namespace wzp::fec::bench
