#include "wzp/relay/relay.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "participant.hpp"
#include "quic_link.hpp"
#include "room.hpp"
#include "wzp/crypto/handshake.hpp"
#include "wzp/crypto/profile_choice.hpp"
#include "wzp/proto/datagram.hpp"
#include "wzp/proto/media_packet.hpp"

namespace wzp::relay {
namespace {

/// What this relay can do beyond the reference protocol, on its hop to a client.
constexpr proto::FeatureSet kRelayFeatures{proto::Feature::kStreamId};

constexpr std::size_t kEpochOffset = 10;  // media header: 0, or the key epoch of a sealed packet

bool is_sealed(ByteView packet) {
  return (packet[0] & std::byte{0x80}) != std::byte{0} || packet[kEpochOffset] != std::byte{0};
}

}  // namespace

RelayObserver::~RelayObserver() = default;
void RelayObserver::on_joined(const ParticipantInfo&, std::size_t) {}
void RelayObserver::on_left(const ParticipantInfo&, std::string_view, std::size_t) {}
void RelayObserver::on_refused(const transport::SocketAddress&, std::string_view) {}
void RelayObserver::on_bad_input(const transport::SocketAddress&, std::string_view) {}

class Relay::Impl {
 public:
  Impl(transport::Endpoint& endpoint, const crypto::Identity& identity, Rng& rng,
       const RelayConfig& config, RelayObserver* observer)
      : endpoint_(endpoint),
        identity_(identity),
        rng_(rng),
        config_(config),
        observer_(observer != nullptr ? observer : &quiet_) {}

  void handle_turn(Instant now) {
    while (auto event = endpoint_.poll_event()) {
      std::visit([&](const auto& e) { on(e, now); }, *event);
    }
    refuse_late_offers(now);
  }

  [[nodiscard]] Instant next_deadline() const {
    return waiting_.empty() ? kNever : waiting_.front().deadline;
  }

  void shut_down(Instant now) {
    endpoint_.close_all(transport::kNormalCloseCode, "relay is shutting down", now);
  }

  [[nodiscard]] const RelayCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t participant_count() const noexcept { return admitted_; }

  [[nodiscard]] std::vector<RoomInfo> rooms() const {
    std::vector<RoomInfo> out;
    for (const auto& [name, room] : rooms_) {
      RoomInfo info{name, {}};
      for (const Participant* p : room.members()) info.participants.push_back(p->info());
      out.push_back(std::move(info));
    }
    return out;
  }

 private:
  // -- Events of the endpoint --------------------------------------------------------------------

  void on(const transport::Connected& e, Instant now) {
    auto participant = std::make_unique<Participant>();
    participant->connection = e.connection;
    participant->link = std::make_unique<QuicLink>(endpoint_, e.connection, e.remote);
    participant->room_name = e.server_name;
    participant->admission_deadline = now + config_.admission_timeout;
    waiting_.push_back({e.connection, participant->admission_deadline});
    if (by_slot_.size() <= e.connection.slot) by_slot_.resize(e.connection.slot + 1);
    Participant& p = *participant;
    by_slot_[e.connection.slot] = std::move(participant);
    if (e.server_name.starts_with('_')) {
      refuse(p, "this name is reserved", counters_.refused_reserved_name, now);
    }
  }

  void on(const transport::DatagramReceived& e, Instant now) {
    Participant* from = find(e.connection);
    if (from == nullptr) return;
    ++counters_.media_in;
    if (!from->is_admitted()) {
      ++counters_.media_before_join;
    } else if (!is_media(*from, e.bytes)) {
      ++counters_.media_malformed;
      complain(*from, "a datagram that is no media packet", now);
    } else {
      forward(*from, e, now);
    }
  }

  void on(const transport::MessageReceived& e, Instant now) {
    Participant* from = find(e.connection);
    if (from == nullptr) return;
    ++counters_.signals_in;
    std::string detail;
    const auto signal = proto::parse_signal(e.bytes, &detail);
    if (!signal) {
      ++counters_.signals_malformed;
      complain(*from, "a signal that does not parse: " + detail, now);
      if (!from->is_admitted()) refuse(*from, "unreadable offer", counters_.refused_bad_offer, now);
      return;
    }
    if (from->is_admitted()) {
      on_signal(*from, *signal, now);
    } else {
      on_first_signal(*from, *signal, now);
    }
  }

  void on(const transport::ConnectionClosed& e, Instant now) {
    Participant* who = find(e.connection);
    if (who == nullptr) return;
    leave(*who, e.reason.empty() ? transport::name(e.cause) : std::string_view(e.reason), now);
    by_slot_[e.connection.slot].reset();
  }

  // -- Admission ---------------------------------------------------------------------------------

  void on_first_signal(Participant& p, const proto::Signal& signal, Instant now) {
    // A client that brings a token to a relay that wants none is welcome all the same.
    if (std::holds_alternative<proto::AuthToken>(signal)) return;
    const auto* offer = std::get_if<proto::CallOffer>(&signal);
    if (offer == nullptr) {
      refuse(p, "the first signal must be a CallOffer", counters_.refused_bad_offer, now);
      return;
    }
    const auto handshake = crypto::CalleeHandshake::accept(
        identity_, {offer->identity_pub, offer->ephemeral_pub, offer->signature}, rng_);
    if (!handshake) {
      refuse(p, "signature verification failed", counters_.refused_bad_offer, now);
    } else if (admitted_ >= config_.max_participants) {
      refuse(p, "the relay is full", counters_.refused_limit, now);
    } else if (room_size(p.room_name) >= config_.max_room_size) {
      refuse(p, "the room is full", counters_.refused_limit, now);
    } else {
      admit(p, *offer, handshake->answer(), now);
    }
  }

  void admit(Participant& p, const proto::CallOffer& offer, const crypto::HandshakeAnswer& keys,
             Instant now) {
    p.fingerprint = crypto::Fingerprint::of(crypto::IdentityKey{offer.identity_pub});
    p.features = proto::FeatureSet::from_names(offer.features);
    p.feature_names = offer.features;
    p.hello = offer.hello;
    proto::CallAnswer answer;
    answer.identity_pub = keys.identity_pub;
    answer.ephemeral_pub = keys.ephemeral_pub;
    answer.signature = keys.signature;
    answer.chosen_profile = crypto::choose_profile(offer.supported_profiles);
    // Reference clients list no features and are answered exactly as their own relay would.
    if (!offer.features.empty()) answer.features = (kRelayFeatures & p.features).to_names();
    send(p, answer, now);
    ++admitted_;
    ++counters_.joined;
    Room& room = rooms_.try_emplace(p.room_name, p.room_name).first->second;
    room.add(p);
    for (Participant* member : room.members()) {
      if (!member->knows_streams()) continue;
      send(*member, member == &p ? room.full_update(p) : room.joined_update(*member, p), now);
    }
    observer_->on_joined(p.info(), room.size());
  }

  void refuse(Participant& p, std::string_view why, std::uint64_t& counter, Instant now) {
    ++counter;
    observer_->on_refused(p.link->remote(), why);
    p.link->close(why, now);
    p.admission_deadline = kNever;
  }

  void refuse_late_offers(Instant now) {
    while (!waiting_.empty() && waiting_.front().deadline <= now) {
      Participant* p = find(waiting_.front().connection);
      waiting_.pop_front();
      if (p == nullptr || p->is_admitted() || p->admission_deadline == kNever) continue;
      refuse(*p, "no CallOffer in time", counters_.refused_timeout, now);
    }
  }

  void leave(Participant& p, std::string_view why, Instant now) {
    if (!p.is_admitted()) return;
    Room& room = *p.room;
    room.remove(p);
    --admitted_;
    ++counters_.left;
    for (Participant* member : room.members()) {
      if (member->knows_streams()) send(*member, room.left_update(*member, p.stream), now);
    }
    observer_->on_left(p.info(), why, room.size());
    if (room.size() == 0) rooms_.erase(rooms_.find(p.room_name));
  }

  // -- Signals of participants -------------------------------------------------------------------

  void on_signal(Participant& from, const proto::Signal& signal, Instant now) {
    if (const auto* ping = std::get_if<proto::Ping>(&signal)) {
      send(from, proto::Pong{ping->timestamp_ms}, now);
    } else if (std::holds_alternative<proto::Hangup>(signal)) {
      leave(from, "hung up", now);
      from.link->close(transport::kNormalCloseReason, now);
    } else if (std::holds_alternative<proto::RoomQuery>(signal) && from.knows_streams()) {
      send(from, from.room->full_update(from), now);
    } else if (const auto* unknown = std::get_if<proto::UnknownSignal>(&signal)) {
      ++counters_.signals_unknown;
      complain(from, "an unknown signal", now);
      static_cast<void>(unknown);
    } else {
      ++counters_.signals_ignored;
    }
  }

  void send(Participant& to, const proto::Signal& signal, Instant now) {
    if (!to.link->send_signal(signal, now)) ++counters_.signals_not_sent;
  }

  // -- Media -------------------------------------------------------------------------------------

  static bool is_media(const Participant& from, ByteView packet) {
    if (packet.size() < proto::MediaHeader::kSize) return false;
    if (from.can_seal() && is_sealed(packet)) return true;  // nothing a relay could check
    return proto::parse_media_packet(packet).has_value();
  }

  /// One copy of the packet for all capable receivers, none for the others.
  void forward(const Participant& from, const transport::DatagramReceived& packet, Instant now) {
    const bool sealed = from.can_seal() && is_sealed(packet.bytes);
    transport::FrameRef trunk;
    for (Participant* to : from.room->members()) {
      if (to == &from) continue;
      if (to->knows_streams()) {
        if (!trunk) trunk = trunk_of(from.stream, packet.bytes);
        deliver(from, *to, trunk, now);
      } else if (sealed) {
        ++counters_.media_sealed_withheld;
      } else {
        deliver(from, *to, packet.frame, now);
      }
    }
  }

  transport::FrameRef trunk_of(StreamId stream, ByteView packet) {
    std::array<std::byte, transport::FramePool::kMaxFrame> room;
    proto::TrunkDatagramWriter trunk(room);
    if (!trunk.add(stream, packet)) return {};
    return endpoint_.make_frame(trunk.bytes());
  }

  void deliver(const Participant& from, Participant& to, const transport::FrameRef& frame,
               Instant now) {
    if (frame && to.link->send_frame(from.stream, frame, now)) {
      ++counters_.media_forwarded;
      counters_.media_bytes_forwarded += frame.size();
    } else {
      ++counters_.media_not_sent;
    }
  }

  // -- Bookkeeping -------------------------------------------------------------------------------

  Participant* find(transport::ConnectionHandle connection) {
    if (connection.slot >= by_slot_.size()) return nullptr;
    Participant* p = by_slot_[connection.slot].get();
    return p != nullptr && p->connection == connection ? p : nullptr;
  }

  [[nodiscard]] std::size_t room_size(const std::string& name) const {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? 0 : found->second.size();
  }

  void complain(Participant& p, std::string_view what, Instant now) {
    if (p.has_complained && now - p.last_complaint < std::chrono::seconds(1)) return;
    p.has_complained = true;
    p.last_complaint = now;
    observer_->on_bad_input(p.link->remote(), what);
  }

  struct Waiting {
    transport::ConnectionHandle connection;
    Instant deadline;
  };

  transport::Endpoint& endpoint_;
  const crypto::Identity& identity_;
  Rng& rng_;
  RelayConfig config_;
  RelayObserver quiet_;
  RelayObserver* observer_;
  RelayCounters counters_;
  std::vector<std::unique_ptr<Participant>> by_slot_;
  std::map<std::string, Room> rooms_;
  std::size_t admitted_ = 0;
  std::deque<Waiting> waiting_;  // in the order of deadlines; stale entries are skipped
};

Relay::Relay(transport::Endpoint& endpoint, const crypto::Identity& identity, Rng& rng,
             const RelayConfig& config, RelayObserver* observer)
    : impl_(std::make_unique<Impl>(endpoint, identity, rng, config, observer)) {}
Relay::~Relay() = default;
Relay::Relay(Relay&&) noexcept = default;
Relay& Relay::operator=(Relay&&) noexcept = default;

void Relay::handle_turn(Instant now) { impl_->handle_turn(now); }
Instant Relay::next_deadline() const { return impl_->next_deadline(); }
void Relay::shut_down(Instant now) { impl_->shut_down(now); }
const RelayCounters& Relay::counters() const noexcept { return impl_->counters(); }
std::size_t Relay::participant_count() const noexcept { return impl_->participant_count(); }
std::vector<RoomInfo> Relay::rooms() const { return impl_->rooms(); }

}  // namespace wzp::relay
