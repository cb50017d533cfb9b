#include "token_cache.hpp"

namespace wzp::gateway {

void TokenCache::expire(Instant now) {
  while (!by_age_.empty() && (by_age_.front().expires <= now || entries_.size() > max_entries_)) {
    entries_.erase(by_age_.front().key);
    by_age_.pop_front();
  }
}

const relay::TokenVerdict* TokenCache::find(std::string_view token, Instant now) {
  expire(now);
  const auto found = entries_.find(crypto::sha256({as_byte_view(token)}));
  return found == entries_.end() ? nullptr : &found->second;
}

void TokenCache::put(std::string_view token, const relay::TokenVerdict& verdict, Instant now) {
  if (ttl_.count() == 0 || max_entries_ == 0) return;
  const Key key = crypto::sha256({as_byte_view(token)});
  // A second answer to the same token changes what is known, not for how long.
  if (!entries_.insert_or_assign(key, verdict).second) return;
  by_age_.push_back({key, now + ttl_});
  expire(now);
}

}  // namespace wzp::gateway
