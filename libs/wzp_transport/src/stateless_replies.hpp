// Answers to packets that belong to no connection: Retry, version negotiation, stateless reset,
// refusals. They keep nothing about who asked.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <array>
#include <optional>
#include <vector>

#include "endpoint_state.hpp"
#include "token_bucket.hpp"
#include "wzp/transport/tx_batch.hpp"

namespace wzp::transport {

// Replies wait here for the next flush; at most kMaxQueued, the rest is dropped and counted. Each
// is shorter than the packet it answers, so that nobody can be flooded with the help of them.
class StatelessReplies {
 public:
  static constexpr std::size_t kMaxQueued = 512;

  explicit StatelessReplies(EndpointState& shared);

  struct Request {
    const SocketAddress& from;
    const SocketAddress& to;
    std::size_t size;  // of the packet to be answered
    Instant now;
  };

  void version_negotiation(const Request& request, const ngtcp2_version_cid& header);
  // The next packet is steered to `shard`. False if over the Retry rate.
  bool retry(const Request& request, const ngtcp2_pkt_hd& header, std::uint8_t shard);
  // The original destination id if the token was ours, is fresh and came from this address.
  [[nodiscard]] std::optional<ngtcp2_cid> verify_token(const Request& request,
                                                       const ngtcp2_pkt_hd& header);
  [[nodiscard]] static bool looks_like_retry_token(const ngtcp2_pkt_hd& header) noexcept;
  void refuse(const Request& request, const ngtcp2_pkt_hd& header, std::uint64_t error);
  void stateless_reset(const Request& request, const Cid& cid);

  [[nodiscard]] bool empty() const noexcept { return replies_.empty(); }
  // False if the batch is full and more is to be written.
  bool write(TxBatch& batch);

 private:
  struct Reply {
    SocketAddress to;
    SocketAddress from;
    std::size_t size = 0;
    std::array<std::uint8_t, 320> bytes;
  };
  Reply* next(const Request& request);
  void commit(ngtcp2_ssize size, std::uint64_t& counter);

  EndpointState& shared_;
  TokenBucket retry_rate_;
  TokenBucket reply_rate_;
  std::vector<Reply> replies_;
};

}  // namespace wzp::transport
