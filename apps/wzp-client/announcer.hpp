/// \file
/// Prints what happens in the room, and keeps the book of known peers.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <string>

#include "wzp/client/call_observer.hpp"
#include "wzp/crypto/known_peers.hpp"
#include "wzp/crypto/known_relays.hpp"

namespace wzp::apps {

/// Lines wait until print_next(): the words of a new identity take 10 ms to compute, and playout
/// must not wait for those of a whole room.
class Announcer final : public client::CallObserver {
 public:
  /// Without a file nothing is remembered beyond this call. `known` outlives this object.
  Announcer(crypto::KnownPeers& known, std::filesystem::path file)
      : known_(known), file_(std::move(file)) {}

  /// From now on the relay's identity is compared with the one it showed before. `relays` must
  /// outlive this object; `address` is what the user calls it.
  void watch_relay(crypto::KnownRelays& relays, std::filesystem::path file, std::string address);

  void on_relay(const client::RelayIdentity& relay) override;
  void on_active(std::string_view relay, bool names_streams) override;
  void on_joined(const client::RemoteParticipant& who) override;
  void on_left(const client::RemoteParticipant& who) override;
  void on_lock_changed(const client::RemoteParticipant& who) override;
  void on_alias(const client::RemoteParticipant& who) override;
  void on_rekeyed(const client::RemoteParticipant& who) override;
  void on_key_changed() override;
  void on_unencrypted_peer(const client::RemoteParticipant& who) override;
  void on_no_keys(const client::RemoteParticipant& who, crypto::e2e::NoKeys why) override;
  void on_interference(const client::RemoteParticipant& who) override;
  void on_played_out(StreamId stream) override;

  /// Prints one line; false if there is none.
  bool print_next();
  void print_all();
  /// Writes the book if it has changed; the error for people, or empty.
  [[nodiscard]] std::string save();

 private:
  struct Line {
    std::string text;
    crypto::IdentityKey words_of;  ///< Appended; zeros: none.
  };
  void add(std::string text) { lines_.push_back({std::move(text), {}}); }
  void note(const client::RemoteParticipant& who);
  [[nodiscard]] std::string trust_in(const crypto::IdentityKey& identity) const;

  crypto::KnownPeers& known_;
  std::filesystem::path file_;
  bool changed_ = false;
  crypto::KnownRelays* relays_ = nullptr;
  std::filesystem::path relays_file_;
  std::string relay_address_;
  bool relays_changed_ = false;
  std::deque<Line> lines_;
  std::map<crypto::IdentityKey, std::string> words_;
};

/// The six words of an identity, with spaces between them.
[[nodiscard]] std::string words_of(const crypto::IdentityKey& identity);

}  // namespace wzp::apps
