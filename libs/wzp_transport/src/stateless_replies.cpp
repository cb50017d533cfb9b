#include "stateless_replies.hpp"

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>

#include "quic_settings.hpp"
#include "sockaddr.hpp"

namespace wzp::transport {

StatelessReplies::StatelessReplies(EndpointState& shared)
    : shared_(shared),
      retry_rate_(shared.config.retry.max_retries_per_second),
      reply_rate_(shared.config.max_stateless_replies_per_second) {}

StatelessReplies::Reply* StatelessReplies::next(const Request& request) {
  if (replies_.size() >= kMaxQueued) {
    ++shared_.counters.replies_suppressed;
    return nullptr;
  }
  Reply& reply = replies_.emplace_back();
  reply.to = request.from;
  reply.from = request.to;
  return &reply;
}

// Keeps the last reply if it was written.
void StatelessReplies::commit(ngtcp2_ssize size, std::uint64_t& counter) {
  if (size <= 0) {
    replies_.pop_back();
    return;
  }
  replies_.back().size = static_cast<std::size_t>(size);
  ++counter;
}

void StatelessReplies::version_negotiation(const Request& request,
                                           const ngtcp2_version_cid& header) {
  if (request.size < NGTCP2_MAX_UDP_PAYLOAD_SIZE) {
    ++shared_.counters.initials_too_short;
    return;
  }
  if (!reply_rate_.take(request.now)) {
    ++shared_.counters.replies_suppressed;
    return;
  }
  Reply* reply = next(request);
  if (reply == nullptr) return;
  std::array<std::uint8_t, 1> unpredictable{};
  shared_.rng->fill(std::as_writable_bytes(std::span(unpredictable)));
  // One version that never exists keeps peers honest about ignoring what they do not know.
  const std::array<std::uint32_t, 2> versions{NGTCP2_PROTO_VER_V1, 0x1a2a3a4a};
  commit(ngtcp2_pkt_write_version_negotiation(
             reply->bytes.data(), reply->bytes.size(), unpredictable[0], header.scid,
             header.scidlen, header.dcid, header.dcidlen, versions.data(), versions.size()),
         shared_.counters.version_negotiations_sent);
}

bool StatelessReplies::retry(const Request& request, const ngtcp2_pkt_hd& header,
                             std::uint8_t shard) {
  if (!retry_rate_.take(request.now)) return false;
  Reply* reply = next(request);
  if (reply == nullptr) return false;
  Cid scid;
  scid.size = std::max<std::uint8_t>(shared_.config.connection_id.length, 8);
  shared_.rng->fill(std::as_writable_bytes(std::span(scid.bytes).first(scid.size)));
  scid.bytes[0] = shard;
  const ngtcp2_cid retry_scid = scid.to_ngtcp2();
  sockaddr_storage remote{};
  const socklen_t remote_size = to_sockaddr(request.from, remote);
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2> token;
  const ngtcp2_ssize token_size = ngtcp2_crypto_generate_retry_token2(
      token.data(), shared_.token_secret.data(), shared_.token_secret.size(), header.version,
      reinterpret_cast<const ngtcp2_sockaddr*>(&remote), remote_size, &retry_scid, &header.dcid,
      to_ngtcp2(request.now));
  if (token_size < 0) {
    replies_.pop_back();
    return false;
  }
  commit(ngtcp2_crypto_write_retry(reply->bytes.data(), reply->bytes.size(), header.version,
                                   &header.scid, &retry_scid, &header.dcid, token.data(),
                                   static_cast<std::size_t>(token_size)),
         shared_.counters.retries_sent);
  return true;
}

bool StatelessReplies::looks_like_retry_token(const ngtcp2_pkt_hd& header) noexcept {
  return header.tokenlen > 0 && header.token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2;
}

std::optional<ngtcp2_cid> StatelessReplies::verify_token(const Request& request,
                                                         const ngtcp2_pkt_hd& header) {
  sockaddr_storage remote{};
  const socklen_t remote_size = to_sockaddr(request.from, remote);
  ngtcp2_cid original{};
  const int rv = ngtcp2_crypto_verify_retry_token2(
      &original, header.token, header.tokenlen, shared_.token_secret.data(),
      shared_.token_secret.size(), header.version,
      reinterpret_cast<const ngtcp2_sockaddr*>(&remote), remote_size, &header.dcid,
      to_ngtcp2(shared_.config.retry.token_lifetime), to_ngtcp2(request.now));
  if (rv == 0) return original;
  ++shared_.counters.tokens_invalid;
  return std::nullopt;
}

void StatelessReplies::refuse(const Request& request, const ngtcp2_pkt_hd& header,
                              std::uint64_t error) {
  if (!reply_rate_.take(request.now)) {
    ++shared_.counters.replies_suppressed;
    return;
  }
  Reply* reply = next(request);
  if (reply == nullptr) return;
  std::uint64_t sent = 0;
  commit(
      ngtcp2_crypto_write_connection_close(reply->bytes.data(), reply->bytes.size(), header.version,
                                           &header.scid, &header.dcid, error, nullptr, 0),
      sent);
}

void StatelessReplies::stateless_reset(const Request& request, const Cid& cid) {
  // Shorter than what it answers, so that two endpoints without state never play ping-pong.
  constexpr std::size_t kSmallest =
      NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN;
  if (request.size <= kSmallest) return;
  if (!reply_rate_.take(request.now)) {
    ++shared_.counters.replies_suppressed;
    return;
  }
  Reply* reply = next(request);
  if (reply == nullptr) return;
  std::array<std::uint8_t, 24> random{};
  shared_.rng->fill(std::as_writable_bytes(std::span(random)));
  std::array<std::uint8_t, NGTCP2_STATELESS_RESET_TOKENLEN> token{};
  shared_.stateless_reset_token(cid, token.data());
  const std::size_t random_size =
      std::min(random.size(), request.size - 1 - NGTCP2_STATELESS_RESET_TOKENLEN);
  commit(ngtcp2_pkt_write_stateless_reset(reply->bytes.data(), reply->bytes.size(), token.data(),
                                          random.data(), random_size),
         shared_.counters.stateless_resets_sent);
}

bool StatelessReplies::write(TxBatch& batch) {
  std::size_t done = 0;
  for (; done < replies_.size(); ++done) {
    const Reply& reply = replies_[done];
    const MutableBytes room = batch.room(reply.size);
    if (room.empty()) break;
    std::copy_n(reinterpret_cast<const std::byte*>(reply.bytes.data()), reply.size, room.begin());
    batch.commit(reply.size, reply.to, reply.from);
    ++shared_.counters.packets_out;
    shared_.counters.bytes_out += reply.size;
  }
  replies_.erase(replies_.begin(), replies_.begin() + static_cast<std::ptrdiff_t>(done));
  return replies_.empty();
}

}  // namespace wzp::transport
