#include "call_security.hpp"

#include <algorithm>
#include <utility>

#include "wzp/crypto/fingerprint.hpp"
#include "wzp/proto/features.hpp"

namespace wzp::client {
namespace {

using crypto::e2e::Event;
using crypto::e2e::Lock;
using crypto::e2e::MediaError;

// What our Hello promises other participants.
proto::FeatureSet end_features(const CallOptions& options) {
  proto::FeatureSet out{proto::Feature::kE2e1};
  if (options.media2) out.add(proto::Feature::kMedia2);
  return out;
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

crypto::e2e::RoomOptions room_options(const CallOptions& options) {
  crypto::e2e::RoomOptions out;
  out.room = lower_case(options.server_name);
  if (options.room_psk) {
    out.psk = std::make_unique<crypto::Secret<32>>(options.room_psk->duplicate());
  }
  out.features = end_features(options).to_text();
  out.alias = options.alias;
  out.allows_unencrypted_peers = options.allow_unencrypted_peers;
  out.policy = options.peer_policy;
  return out;
}

std::size_t report_size(ByteView packet) {
  return (packet[0] & std::byte{0x02}) != std::byte{0} ? proto::QualityReport::kSize : 0;
}

}  // namespace

CallSecurity::CallSecurity(RelayLink& relay, const RoomView& room, const crypto::Identity& me,
                           const CallOptions& options, Rng& rng, CallObserver& observer,
                           Instant now)
    : relay_(relay),
      room_(room),
      observer_(observer),
      probe_(options.media_probe),
      allows_clear_(options.allow_unencrypted_peers),
      session_(me, room_options(options), rng, now),
      key_(session_.key_in_use()) {}

// -- In
// --------------------------------------------------------------------------------------------

void CallSecurity::handle_room(const proto::RoomUpdate& update, Instant now) {
  session_.handle_room(update, now);
  changed_ = true;
}

void CallSecurity::handle_peer_signal(const proto::PeerSignal& signal, Instant now) {
  session_.handle_peer_signal(signal.from, signal.body, now);
  changed_ = true;
}

void CallSecurity::handle_policy_change(Instant now) {
  session_.handle_policy_change(now);
  changed_ = true;
}

void CallSecurity::renew(Instant now) {
  session_.renew(now);
  changed_ = true;
}

bool CallSecurity::send_signal(StreamId to, std::string_view json, Instant now) {
  const bool sent = session_.send_signal(to, json);
  changed_ |= send_signals(now);
  return sent;
}

void CallSecurity::handle_turn(Instant now) {
  if (deadline_ <= now) {
    session_.handle_deadline(now);
    look_at_deadlines(now);
  }
  if (keep_alive_at_ <= now) keep_alive(now);
  settle(now);
}

void CallSecurity::bye(Instant now) {
  session_.bye(now);
  send_signals(now);
}

Instant CallSecurity::next_deadline() const noexcept { return std::min(deadline_, keep_alive_at_); }

// -- What the session has to say
// -------------------------------------------------------------------

// Whatever changes who hears comes with a signal or an event, so that most turns end here at once.
void CallSecurity::settle(Instant now) {
  changed_ |= send_signals(now);
  changed_ |= tell_events(now);
  note_key();
  if (!std::exchange(changed_, false)) return;
  const std::vector<RemoteParticipant> there = participants();
  has_unencrypted_ = std::any_of(there.begin(), there.end(),
                                 [](const RemoteParticipant& who) { return who.is_legacy; });
  tell_locks(there);
  name_senders();
  look_at_deadlines(now);
  takes_media2_ = has_holders_ && session_.every_holder_lists(proto::name(proto::Feature::kMedia2));
}

// Reports name a sender by its instance, which everybody knows it by.
void CallSecurity::name_senders() {
  if (loop_ == nullptr) return;
  loop_->set_self(session_.instance().bytes);
  for (const auto& p : session_.participants()) {
    if (p.lock != Lock::kUnencrypted) loop_->set_sender(p.stream, p.instance.bytes);
  }
}

void CallSecurity::note_key() {
  const crypto::e2e::KeyStep key = session_.key_in_use();
  if (std::exchange(key_, key).generation == key.generation) return;
  ++key_changes_;
  observer_.on_key_changed();
}

void CallSecurity::look_at_deadlines(Instant now) {
  if (session_.poll_room_query(now)) relay_.send(proto::RoomQuery{}, now);
  keep_alive_at_ = session_.comfort_due();
  has_holders_ = keep_alive_at_ != kNever;
  deadline_ = std::min(session_.next_deadline(), now + kMostStale);
}

bool CallSecurity::send_signals(Instant now) {
  bool any = false;
  while (auto signal = session_.poll_signal()) {
    relay_.send(proto::PeerSignal{signal->to, {}, std::move(signal->body)}, now);
    any = true;
  }
  return any;
}

bool CallSecurity::is_for_loop(const Event& event, Instant now) {
  return loop_ != nullptr && event.kind == Event::Kind::kSignal &&
         loop_->on_signal(event.stream, event.text, now);
}

bool CallSecurity::tell_events(Instant now) {
  bool any = false;
  while (const auto event = session_.poll_event()) {
    any = true;
    if (!is_for_loop(*event, now)) tell(*event, whom(*event));
  }
  return any;
}

RemoteParticipant CallSecurity::whom(const Event& event) const {
  for (const auto& p : session_.participants()) {
    if (p.stream == event.stream && p.identity == event.identity) return described(p);
  }
  // It is gone: what was known of it.
  const auto told = joined_.find(event.stream);
  RemoteParticipant who;
  if (told != joined_.end()) who = told->second;
  who.stream = event.stream;
  who.identity = event.identity;
  who.fingerprint = crypto::Fingerprint::of(event.identity).to_text();
  who.lock = Lock::kNoKeys;
  return who;
}

void CallSecurity::tell(const Event& event, const RemoteParticipant& who) {
  switch (event.kind) {
    case Event::Kind::kJoined:
      joined_[who.stream] = who;
      observer_.on_joined(who);
      break;
    case Event::Kind::kLeft:
      joined_.erase(who.stream);
      observer_.on_left(who);
      break;
    case Event::Kind::kRekeyed:
      observer_.on_rekeyed(who);
      break;
    case Event::Kind::kUnencryptedPeer:
      observer_.on_unencrypted_peer(who);
      break;
    case Event::Kind::kNoKeys:
      observer_.on_no_keys(who, event.why);
      break;
    case Event::Kind::kInterference:
      observer_.on_interference(who);
      break;
    case Event::Kind::kAlias:
      observer_.on_alias(who);
      break;
    case Event::Kind::kSignal:
      observer_.on_signal(who, event.text);
      break;
  }
}

void CallSecurity::tell_locks(const std::vector<RemoteParticipant>& there) {
  for (const RemoteParticipant& who : there) {
    const auto told = joined_.find(who.stream);
    if (told == joined_.end()) continue;
    const Lock before = std::exchange(told->second, who).lock;
    if (before != who.lock) observer_.on_lock_changed(who);
  }
}

RemoteParticipant CallSecurity::described(const crypto::e2e::Participant& p) const {
  RemoteParticipant out;
  out.stream = p.stream;
  out.is_legacy = p.lock == Lock::kUnencrypted;
  out.fingerprint = p.identity == crypto::IdentityKey{}
                        ? room_.fingerprint_of(p.stream)
                        : crypto::Fingerprint::of(p.identity).to_text();
  out.identity = p.identity;
  out.alias = p.alias;
  out.lock = p.lock;
  out.heard = p.heard;
  out.allows_unencrypted_peers = p.allows_unencrypted_peers;
  return out;
}

std::vector<RemoteParticipant> CallSecurity::participants() const {
  std::vector<RemoteParticipant> out;
  for (const auto& p : session_.participants()) out.push_back(described(p));
  return out;
}

// -- Media
// -----------------------------------------------------------------------------------------

std::optional<ByteView> CallSecurity::seal(ByteView plain, Instant now) {
  constexpr std::size_t kHeader = proto::MediaHeader::kSize;
  const std::size_t report = report_size(plain);
  const ByteView payload = plain.subspan(kHeader, plain.size() - kHeader - report);
  const auto sealed =
      session_.seal_media(plain.first<kHeader>(), payload, plain.last(report), sealed_, now);
  if (!sealed) return std::nullopt;
  if (probe_ != nullptr) probe_->on_sealed(*sealed, now);
  return ByteView(sealed_).first(sealed->size);
}

void CallSecurity::keep_alive(Instant now) {
  keep_alive_at_ = session_.comfort_due();
  if (keep_alive_at_ > now) return;
  proto::MediaHeader header;
  header.codec = proto::CodecId::kComfortNoise;
  std::array<std::byte, proto::MediaHeader::kSize> bytes{};
  static_cast<void>(proto::write_media_packet({header, {}, std::nullopt}, bytes));
  if (const auto sealed = seal(bytes, now); sealed && relay_.send_media(*sealed, now)) {
    ++keep_alives_;
  }
  keep_alive_at_ = session_.comfort_due();
}

std::optional<CallSecurity::Opened> CallSecurity::open(StreamId from, ByteView packet,
                                                       Instant now) {
  // Where the relay names no streams nobody has a Hello.
  if (allows_clear_ && (!relay_names_streams_ || session_.may_play_clear(from))) {
    const auto clear = proto::parse_media_packet(packet);
    if (clear) return Opened{*clear, false};
    ++malformed_clear_;
    return std::nullopt;
  }
  const auto opened = session_.open_media(from, packet, opened_, now);
  if (!opened) {  // counted by the session
    if (probe_ != nullptr) probe_->on_refused(from, opened.error(), now);
    return std::nullopt;
  }
  if (probe_ != nullptr) probe_->on_opened(from, *opened, now);
  const auto header = proto::parse_media_header(packet);
  if (!header) return std::nullopt;  // a codec of a later version
  proto::MediaPacketView out{*header, ByteView(opened_).first(opened->size), std::nullopt};
  out.header.reserved = 0;
  if (header->has_quality_report) {
    const auto report = proto::parse_quality_report(packet.last(proto::QualityReport::kSize));
    if (report) out.report = *report;
  }
  return Opened{out, header->codec == proto::CodecId::kComfortNoise && out.payload.empty()};
}

std::optional<CallSecurity::SealedMedia2> CallSecurity::seal_media2(bool control, ByteView payload,
                                                                    Instant now) {
  using crypto::e2e::Layout;
  const auto next = session_.next_numbers();
  const auto header = proto::write_media2_header({control, next.epoch, next.seq});
  const auto sealed = session_.seal_media2(control ? Layout::kControl : Layout::kMedia, header,
                                           payload, sealed_, now);
  if (!sealed) return std::nullopt;
  if (probe_ != nullptr) probe_->on_sealed(*sealed, now);
  return SealedMedia2{ByteView(sealed_).first(sealed->size), sealed->seq};
}

std::optional<CallSecurity::OpenedMedia2> CallSecurity::open_media2(StreamId from, ByteView packet,
                                                                    Instant now) {
  using crypto::e2e::Layout;
  const auto header = proto::parse_media2_header(packet);
  if (!header) {
    ++malformed_clear_;
    return std::nullopt;
  }
  const auto opened =
      session_.open_media2(from, header->control ? Layout::kControl : Layout::kMedia,
                           packet.first(proto::Media2Header::kSize), header->epoch, header->seq,
                           packet.subspan(proto::Media2Header::kSize), opened_, now);
  if (!opened) {  // counted by the session
    if (probe_ != nullptr) probe_->on_refused(from, opened.error(), now);
    return std::nullopt;
  }
  if (probe_ != nullptr) probe_->on_opened(from, *opened, now);
  return OpenedMedia2{*header, ByteView(opened_).first(opened->size)};
}

void CallSecurity::add_to(CallStatistics& out) const {
  const auto& media = session_.counters().media;
  const auto of = [&](MediaError error) { return media[static_cast<std::size_t>(error)]; };
  out.clear_refused += of(MediaError::kClearRefused);
  out.no_key += of(MediaError::kNoKey);
  out.replayed += of(MediaError::kReplayed);
  out.auth_failed += of(MediaError::kAuthFailed);
  out.unencrypted_refused += of(MediaError::kLegacyStream);
  out.datagrams_malformed += of(MediaError::kMalformed) + malformed_clear_;
  out.packets_of_unknown_streams += of(MediaError::kUnknownStream);
  out.keep_alives_sent += keep_alives_;
  out.key_changes += key_changes_;
}

}  // namespace wzp::client
