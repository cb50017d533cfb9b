#include "wzp/client/call_observer.hpp"

namespace wzp::client {

CallObserver::~CallObserver() = default;
void CallObserver::on_relay(const RelayIdentity&) {}
void CallObserver::on_active(std::string_view, bool) {}
void CallObserver::on_joined(const RemoteParticipant&) {}
void CallObserver::on_left(const RemoteParticipant&) {}
void CallObserver::on_lock_changed(const RemoteParticipant&) {}
void CallObserver::on_alias(const RemoteParticipant&) {}
void CallObserver::on_rekeyed(const RemoteParticipant&) {}
void CallObserver::on_key_changed() {}
void CallObserver::on_unencrypted_peer(const RemoteParticipant&) {}
void CallObserver::on_no_keys(const RemoteParticipant&, crypto::e2e::NoKeys) {}
void CallObserver::on_interference(const RemoteParticipant&) {}
void CallObserver::on_signal(const RemoteParticipant&, std::string_view) {}
void CallObserver::on_played_out(StreamId) {}

MediaProbe::~MediaProbe() = default;
void MediaProbe::on_sealed(const crypto::e2e::MediaPacket&, Instant) {}
void MediaProbe::on_opened(StreamId, const crypto::e2e::MediaPacket&, Instant) {}
void MediaProbe::on_refused(StreamId, crypto::e2e::MediaError, Instant) {}

std::string_view no_keys_text(crypto::e2e::NoKeys why) noexcept {
  using crypto::e2e::NoKeys;
  switch (why) {
    case NoKeys::kPeerHasNoRoomSecret:
      return "it has no room secret, and we have one";
    case NoKeys::kWeHaveNoRoomSecret:
      return "it has a room secret, and we have none";
    case NoKeys::kSecretsDiffer:
      return "its room secret is another one, or the relay interferes";
    case NoKeys::kInterference:
      return "it does not answer, or the relay interferes";
    case NoKeys::kNone:
      break;
  }
  return "";
}

std::string_view name(crypto::e2e::Lock lock) noexcept {
  using crypto::e2e::Lock;
  switch (lock) {
    case Lock::kLocked:
      return "locked";
    case Lock::kProven:
      return "proven";
    case Lock::kNoKeys:
      return "no keys";
    case Lock::kUnencrypted:
      break;
  }
  return "not encrypted";
}

}  // namespace wzp::client
