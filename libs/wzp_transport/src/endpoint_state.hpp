// What the connections of one endpoint share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "cid_table.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/transport/connection.hpp"
#include "wzp/transport/endpoint.hpp"
#include "wzp/transport/endpoint_config.hpp"
#include "wzp/transport/frame_pool.hpp"

namespace wzp::transport {

// Events wait here until the user takes them. Reuses its memory from turn to turn.
class EventQueue {
 public:
  void push(Event event) {
    if (const auto* datagram = std::get_if<DatagramReceived>(&event)) {
      datagram_bytes_ += datagram->bytes.size();
    }
    events_.push_back(std::move(event));
  }
  [[nodiscard]] bool empty() const noexcept { return events_.empty(); }
  [[nodiscard]] std::size_t datagram_bytes() const noexcept { return datagram_bytes_; }

  [[nodiscard]] std::optional<Event> pop() {
    if (next_ == events_.size()) return std::nullopt;
    std::optional<Event> event = std::move(events_[next_]);
    if (++next_ == events_.size()) {
      events_.clear();
      next_ = 0;
      datagram_bytes_ = 0;
    }
    return event;
  }

 private:
  std::vector<Event> events_;
  std::size_t next_ = 0;
  std::size_t datagram_bytes_ = 0;
};

struct EndpointState {
  EndpointState(const EndpointConfig& c, Rng& r)
      : config(c), rng(&r), frames(c.max_frame_bytes), cids(r.next_u64()) {
    r.fill(std::as_writable_bytes(std::span(reset_secret)));
    r.fill(std::as_writable_bytes(std::span(token_secret)));
    if (c.retry.token_key) {
      std::memcpy(token_secret.data(), c.retry.token_key->data(), token_secret.size());
    }
  }

  // A fresh id of this endpoint that is not in the table, put there for `slot`.
  Cid issue_cid(std::uint32_t slot);
  void stateless_reset_token(const Cid& cid, std::uint8_t* token) const;

  EndpointConfig config;
  Rng* rng;
  EndpointCounters counters;
  FramePool frames;
  EventQueue events;
  CidTable cids;
  std::array<std::uint8_t, 32> reset_secret{};
  std::array<std::uint8_t, 32> token_secret{};
};

}  // namespace wzp::transport
