#include "wzp/crypto/system_rng.hpp"

#include "sodium_ready.hpp"

namespace wzp::crypto {
namespace {

class SystemRng final : public Rng {
 public:
  void fill(MutableBytes out) override { randombytes_buf(out.data(), out.size()); }
};

}  // namespace

Rng& system_rng() noexcept {
  sodium_ready();
  static SystemRng rng;
  return rng;
}

}  // namespace wzp::crypto
