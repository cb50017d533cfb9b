// One second of a tone through a call encoder and decoder.
#include <cstdio>

#include "wzp/client/call.hpp"
#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/crypto/system_rng.hpp"

int main() {
  using namespace wzp;
  const auto me = crypto::Identity::ephemeral(crypto::system_rng());
  client::ToneSource tone(std::chrono::seconds(1));
  client::CallEncoder encoder(proto::kProfileGood);
  client::CallDecoder decoder;
  std::array<std::int16_t, client::kSamplesPerTick> pcm{};
  Instant now{};
  int heard = 0;
  while (tone.read(pcm)) {
    for (const auto& packet : encoder.push(pcm)) {
      const auto parsed = proto::parse_media_packet(packet.bytes);
      if (parsed) decoder.handle_packet(*parsed, now);
    }
    now += client::kTick;
    heard += decoder.play(pcm, now) == client::PlayoutOrigin::kReceived;
  }
  std::printf("%s heard %d of 50 frames\n", me.fingerprint().to_text().c_str(), heard);
  return heard >= 45 ? 0 : 1;
}
