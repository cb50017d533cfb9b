// The input is a list of operations on one decoder, as a stream of a hostile sender would be:
// byte op; op % 8 < 6: a packet of that codec id, next byte its length, then its bytes;
// 6: concealment; 7: decode_fec of an Opus packet, next byte its length, then its bytes.
#include <array>
#include <cstdlib>

#include "wzp/codec/audio_decoder.hpp"

using namespace wzp;
using namespace wzp::codec;

namespace {

void step(AudioDecoder& decoder, ByteReader& in, MutablePcm room) {
  const auto op = static_cast<unsigned>(in.u8()) % 8;
  if (op == 6) {
    static_cast<void>(decoder.conceal(room.first(960)));
    return;
  }
  const std::size_t wanted = in.u8();
  const ByteView payload = in.take(std::min(wanted, in.remaining()));
  if (op == 7) {
    const auto samples = samples_in_packet(proto::CodecId::kOpus24k, payload);
    if (samples) {
      static_cast<void>(
          decoder.decode_fec(proto::CodecId::kOpus24k, payload, room.first(*samples)));
    }
    return;
  }
  const auto codec = static_cast<proto::CodecId>(op);
  const auto promised = samples_in_packet(codec, payload);
  const auto decoded = decoder.decode(codec, payload, room);
  // What samples_in_packet() promises, decode() delivers.
  if (decoded.has_value() != promised.has_value()) std::abort();
  if (decoded && *decoded != *promised) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static AudioDecoder decoder;
  decoder.reset();
  std::array<std::int16_t, kMaxPacketSamples> room{};
  ByteReader in(std::as_bytes(std::span(data, size)));
  while (in.ok() && in.remaining() > 0) step(decoder, in, room);
  return 0;
}
