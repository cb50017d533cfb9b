/// \file
/// A call of any length between an encoder and a decoder, over a path with jitter, in virtual time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "wzp/client/call_decoder.hpp"
#include "wzp/client/call_encoder.hpp"
#include "wzp/proto/media_packet.hpp"
#include "wzp/transport/channel.hpp"

namespace wzp::test {

/// A minute or so of encoded speech that can be played for ever: numbers, times and blocks go on
/// where it starts anew.
class PacketTape {
 public:
  PacketTape(const std::vector<std::int16_t>& speech, const client::CallEncoderOptions& options);

  /// The packets of the n-th tick of 20 ms, with `seq` and `time` added to their numbers.
  void packets_of(std::uint64_t tick, std::uint16_t seq, std::uint32_t time,
                  const std::function<void(const proto::MediaPacketView&)>& take) const;
  [[nodiscard]] std::uint64_t frames_per_round() const noexcept { return frames_; }
  [[nodiscard]] std::size_t ticks() const noexcept { return ticks_.size(); }

 private:
  std::vector<std::vector<std::vector<std::byte>>> ticks_;
  std::uint32_t packets_ = 0;
  std::uint32_t blocks_ = 0;
  std::uint64_t frames_ = 0;  // of speech, not comfort noise
};

struct LongCallOptions {
  std::chrono::minutes length{5};
  double sender_ppm = 0;  ///< How much faster the sender's clock runs.
  std::uint16_t first_seq = 0;
  std::uint32_t first_time = 0;
  std::chrono::seconds restart_every{0};  ///< The sender begins at new numbers; 0: never.
  transport::ChannelConfig path;
};

struct LongCallResult {
  std::uint64_t frames_sent = 0;
  client::ReceiveStatistics receive;
  /// Mean of the decoder's buffer delay over each minute, ms.
  std::vector<double> delay_ms;
  /// Of the process at the end of each minute, kB; 0 where the system does not tell.
  std::vector<long> resident_kb;
};

[[nodiscard]] LongCallResult run_long_call(const PacketTape& tape, const LongCallOptions& options);

/// Resident memory of this process in kB, 0 if unknown.
[[nodiscard]] long resident_kb();

}  // namespace wzp::test
