// Reading the vector files of tests/vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "wzp/proto/bytes.hpp"

namespace wzp::fec::test {

using Bytes = std::vector<std::byte>;

inline nlohmann::json load_vectors(const std::string& name) {
  std::ifstream in(std::string(WZP_TEST_VECTORS_DIR) + "/" + name);
  if (!in) throw std::runtime_error("cannot read " + name);
  return nlohmann::json::parse(in);
}

inline Bytes from_hex(const std::string& hex) {
  Bytes out(hex.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  return out;
}

/// The source rule of raptorq.json: byte i of symbol s of a block of k symbols.
inline Bytes vector_source(std::uint32_t k, std::uint32_t s, std::size_t symbol_size) {
  Bytes out(symbol_size);
  for (std::size_t i = 0; i < symbol_size; ++i) {
    out[i] = static_cast<std::byte>((s * 31 + i * 7 + k) & 0xff);
  }
  return out;
}

}  // namespace wzp::fec::test
