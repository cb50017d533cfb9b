// Sealed media packets: arbitrary ones, and (first byte odd) a genuine one with the input XORed on.
// Only the genuine one opens; what parses is put together again from its parts.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "wzp/crypto/e2e_media.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;

namespace {

constexpr std::uint16_t kCounter = 6;

std::vector<std::byte> genuine_packet(const NumberedKey& key) {
  std::array<std::byte, 12> header{};
  header[0] = std::byte{2};
  header[10] = std::byte{0x10};
  const std::array<std::byte, 4> report{};
  const std::array<std::byte, 20> payload{};
  std::vector<std::byte> out(12 + 20 + kTagSize + 4);
  if (!seal_layout1(key, kCounter, header, payload, report, out)) std::abort();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const NumberedKey key;
  static const std::vector<std::byte> genuine = genuine_packet(key);
  static std::vector<std::byte> out(1 << 20);
  if (size == 0) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  std::vector<std::byte> packet(input.begin(), input.end());
  if (data[0] % 2 == 1) {
    packet.resize(std::max(packet.size(), genuine.size()));
    for (std::size_t i = 0; i < genuine.size(); ++i) packet[i] ^= genuine[i];
  }
  const auto view = parse_layout1(packet);
  if (!view) return 0;
  if (view->header.size() + view->sealed.size() + view->report.size() != packet.size())
    std::abort();
  const bool opened = open_layout1(key, kCounter, *view, out).has_value();
  if (opened != (packet == genuine)) std::abort();
  return 0;
}
