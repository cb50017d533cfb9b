/// \file
/// The command line of wzp-client.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wzp/proto/quality_profile.hpp"

namespace wzp::apps {

struct ClientOptions {
  std::string relay = "127.0.0.1:4433";
  std::string room;
  std::string seed_hex;
  std::vector<std::string> mnemonic;
  std::string identity_file;
  std::optional<unsigned> tone_seconds;
  std::string send_file;
  std::string record;
  std::string profile = "auto";
  bool silence_suppression = false;
  bool noise_suppression = false;
  bool gain_control = false;
  std::string room_secret;
  std::string room_secret_file;
  bool new_room_secret = false;
  std::string known_peers;
  std::string known_relays;
  std::vector<std::string> verify_words;
  std::vector<std::string> accept_words;
  bool verified_only = false;
  bool constant_rate = false;
  bool allow_unencrypted_peers = false;
  bool muted = false;
  std::string alias;
  std::string stats_json;
  std::string webrtc_stats;
  std::string playout_map;

  /// Nothing: what the listeners' reports allow.
  [[nodiscard]] std::optional<proto::QualityProfile> forced_profile() const;
};

/// Fills `options`; the exit code if the program has nothing left to do.
[[nodiscard]] std::optional<int> parse_command_line(ClientOptions& options, int argc, char** argv);

}  // namespace wzp::apps
