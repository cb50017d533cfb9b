// Sealed packets: arbitrary ones, and (first byte odd) genuine ones with the input XORed on. Only
// the genuine packet opens, and what does not open leaves the session as it was.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "wzp/crypto/session.hpp"

using namespace wzp;
using namespace wzp::crypto;

namespace {

constexpr std::string_view kHeader = "twelve bytes";
constexpr std::string_view kFrame = "a frame of voice";

Session new_session(Role role) {
  EstablishedKeys keys;
  keys.role = role;
  return Session(std::move(keys));
}

std::vector<std::byte> sealed_frame() {
  Session sender = new_session(Role::kCaller);
  std::vector<std::byte> out(kFrame.size() + Session::kOverhead);
  if (!sender.seal(as_byte_view(kHeader), as_byte_view(kFrame), out)) std::abort();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::byte> genuine = sealed_frame();
  static Session receiver = new_session(Role::kCallee);
  static std::vector<std::byte> out(1 << 20);
  if (size == 0) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  std::vector<std::byte> packet(input.begin(), input.end());
  if (data[0] % 2 == 1) {
    packet.resize(std::max(packet.size(), genuine.size()));
    for (std::size_t i = 0; i < genuine.size(); ++i) packet[i] ^= genuine[i];
  }
  const auto opened = receiver.open(as_byte_view(kHeader), packet, out, Instant());
  if (opened.has_value() != (packet == genuine)) std::abort();
  if (opened) receiver = new_session(Role::kCallee);  // It would be a replay from now on.
  return 0;
}
