#include "announcer.hpp"

#include <chrono>
#include <cstdio>

#include "wzp/crypto/e2e_words.hpp"

namespace wzp::apps {
namespace {

using client::RemoteParticipant;

std::int64_t unix_seconds() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

/// A name from outside, safe to print: no control characters, in quotes.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out + '"';
}

std::string named(const RemoteParticipant& who) {
  std::string out = who.fingerprint + " stream " + std::to_string(who.stream.value);
  if (!who.alias.empty()) out += ' ' + in_quotes(who.alias);
  return out;
}

}  // namespace

std::string words_of(const crypto::IdentityKey& identity) {
  std::string out;
  for (const std::string_view word : crypto::e2e::identity_words(identity)) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

void Announcer::watch_relay(crypto::KnownRelays& relays, std::filesystem::path file,
                            std::string address) {
  relays_ = &relays;
  relays_file_ = std::move(file);
  relay_address_ = std::move(address);
}

void Announcer::on_relay(const client::RelayIdentity& relay) {
  if (!relay.is_bound) {
    add("the relay did not prove that it answers on this connection: somebody may be in between");
  }
  if (relays_ == nullptr) return;
  const auto seen = relays_->note(relay_address_, relay.identity);
  relays_changed_ = relays_changed_ || seen != crypto::KnownRelays::Seen::kSame;
  if (seen == crypto::KnownRelays::Seen::kChanged) {
    add("WARNING: the relay at " + relay_address_ +
        " shows another identity than last time: it was set up anew, or somebody poses as it");
  }
}

void Announcer::on_active(std::string_view relay, bool names_streams) {
  add("in the room; relay " + std::string(relay) +
      (names_streams ? "" : " (a reference relay: senders can only be guessed apart)"));
}

void Announcer::on_joined(const RemoteParticipant& who) {
  const bool is_new = known_.find(who.identity) == nullptr;
  note(who);
  std::string text = "joined: " + named(who) + ", " + std::string(client::name(who.lock)) + ", " +
                     (is_new ? "new" : trust_in(who.identity));
  if (who.allows_unencrypted_peers) text += ", lets unencrypted peers hear it";
  lines_.push_back({text + ", words:", who.identity});
}

void Announcer::on_left(const RemoteParticipant& who) { add("left: " + named(who)); }

void Announcer::on_lock_changed(const RemoteParticipant& who) {
  add("lock: " + named(who) + ' ' + std::string(client::name(who.lock)));
}

void Announcer::on_alias(const RemoteParticipant& who) {
  const auto sighting = known_.note_seen(who.identity, who.alias, unix_seconds());
  changed_ = true;
  add("name: " + named(who));
  if (sighting == crypto::Sighting::kAliasChanged) {
    add("warning: " + who.fingerprint + " had another name before");
  } else if (sighting == crypto::Sighting::kVerifiedAliasTaken) {
    add("warning: " + who.fingerprint + " calls itself " + in_quotes(who.alias) +
        ", but is not the one you verified: it gets no key");
  }
}

void Announcer::on_rekeyed(const RemoteParticipant& who) { add("rekeyed: with " + named(who)); }
void Announcer::on_key_changed() { add("rekeyed: our key is new"); }

void Announcer::on_unencrypted_peer(const RemoteParticipant& who) {
  add("unencrypted peer: " + named(who) + " cannot encrypt");
}

void Announcer::on_no_keys(const RemoteParticipant& who, crypto::e2e::NoKeys why) {
  add("no keys: " + named(who) + ": " + std::string(client::no_keys_text(why)));
}

void Announcer::on_interference(const RemoteParticipant& who) {
  add("warning: somebody forges packets of " + named(who));
}

void Announcer::on_played_out(StreamId stream) {
  add("heard all of stream " + std::to_string(stream.value));
}

void Announcer::note(const RemoteParticipant& who) {
  known_.note_seen(who.identity, {}, unix_seconds());
  changed_ = true;
}

std::string Announcer::trust_in(const crypto::IdentityKey& identity) const {
  const crypto::KnownPeer* peer = known_.find(identity);
  if (peer == nullptr) return "new";
  switch (peer->trust) {
    case crypto::Trust::kVerified:
      return "verified";
    case crypto::Trust::kAccepted:
      return "accepted";
    case crypto::Trust::kNew:
      break;
  }
  return "known, not verified";
}

bool Announcer::print_next() {
  if (lines_.empty()) return false;
  Line line = std::move(lines_.front());
  lines_.pop_front();
  if (!(line.words_of == crypto::IdentityKey{})) {
    std::string& words = words_[line.words_of];
    if (words.empty()) words = words_of(line.words_of);
    line.text += ' ' + words;
  }
  std::printf("%s\n", line.text.c_str());
  std::fflush(stdout);
  return true;
}

void Announcer::print_all() {
  while (print_next()) {
  }
}

std::string Announcer::save() {
  if (relays_changed_) {
    if (const auto saved = relays_->save(relays_file_); !saved) return saved.error().message;
    relays_changed_ = false;
  }
  if (file_.empty() || !changed_) return {};
  const auto saved = known_.save(file_);
  if (saved) changed_ = false;
  return saved ? std::string() : saved.error().message;
}

}  // namespace wzp::apps
