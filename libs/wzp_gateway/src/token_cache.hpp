/// \file
/// Tokens found good a moment ago.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <string_view>

#include "wzp/crypto/hash.hpp"
#include "wzp/proto/time.hpp"
#include "wzp/relay/token_check.hpp"

namespace wzp::gateway {

/// Keeps hashes, never tokens. Bounded: the oldest entry goes first.
class TokenCache {
 public:
  TokenCache(std::chrono::milliseconds ttl, std::size_t max_entries) noexcept
      : ttl_(ttl), max_entries_(max_entries) {}

  /// Null if the token is not known, or was for longer than the time to live.
  [[nodiscard]] const relay::TokenVerdict* find(std::string_view token, Instant now);
  void put(std::string_view token, const relay::TokenVerdict& verdict, Instant now);
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  using Key = crypto::Sha256Hash;
  struct Age {
    Key key;
    Instant expires;
  };
  void expire(Instant now);

  std::chrono::milliseconds ttl_;
  std::size_t max_entries_;
  std::map<Key, relay::TokenVerdict> entries_;
  std::deque<Age> by_age_;  // one for each entry, the oldest first
};

}  // namespace wzp::gateway
