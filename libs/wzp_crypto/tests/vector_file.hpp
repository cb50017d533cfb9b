// The vectors of tests/vectors/, and bytes from hex.
#pragma once

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/crypto/hex.hpp"
#include "wzp/crypto/secret.hpp"

namespace wzp::crypto::test {

/// One member of a vector file.
inline nlohmann::json load_vectors(const std::string& name, const char* member) {
  std::ifstream in(std::string(WZP_TEST_VECTORS_DIR) + "/" + name);
  REQUIRE(in.good());
  return nlohmann::json::parse(in).at(member);
}

inline std::vector<std::byte> unhex(std::string_view text) {
  std::vector<std::byte> out(text.size() / 2);
  REQUIRE(from_hex(text, out));
  return out;
}

template <std::size_t N>
std::array<std::byte, N> unhex_array(std::string_view text) {
  std::array<std::byte, N> out{};
  REQUIRE(from_hex(text, out));
  return out;
}

template <std::size_t N = 32>
Secret<N> unhex_secret(std::string_view text) {
  return Secret<N>(unhex_array<N>(text));
}

/// from, from + 1, ... as bytes.
template <std::size_t N>
std::array<std::byte, N> counting_bytes(int from) {
  std::array<std::byte, N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<std::byte>(from + static_cast<int>(i));
  return out;
}

/// Hands out the given bytes, for vectors that fix the secrets.
class ScriptedRng final : public Rng {
 public:
  explicit ScriptedRng(std::vector<std::byte> script) : script_(std::move(script)) {}
  void fill(MutableBytes out) override {
    REQUIRE(out.size() <= script_.size() - at_);
    std::copy_n(script_.begin() + static_cast<std::ptrdiff_t>(at_), out.size(), out.begin());
    at_ += out.size();
  }

 private:
  std::vector<std::byte> script_;
  std::size_t at_ = 0;
};

}  // namespace wzp::crypto::test
