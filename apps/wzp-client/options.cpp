#include "options.hpp"

#include "../command_line.hpp"

namespace wzp::apps {

std::optional<proto::QualityProfile> ClientOptions::forced_profile() const {
  if (profile == "good") return proto::kProfileGood;
  if (profile == "degraded") return proto::kProfileDegraded;
  if (profile == "catastrophic" || profile == "rescue") return proto::kProfileCatastrophic;
  return std::nullopt;
}

namespace {

void add_security(CLI::App& app, ClientOptions& o) {
  auto* secret_file =
      app.add_option("--room-secret-file", o.room_secret_file,
                     "Room secret: the first line of FILE. Only who has the same hears and is "
                     "heard; also read from WZP_ROOM_SECRET");
  app.add_option("--room-secret", o.room_secret,
                 "Room secret, visible in the list of processes: better use a file")
      ->excludes(secret_file);
  app.add_flag("--new-room-secret", o.new_room_secret, "Print a fresh room secret and end");
  auto* known = app.add_option("--known-peers", o.known_peers,
                               "Remember in FILE who was met and who is verified");
  app.add_option("--verify", o.verify_words,
                 "Mark the known peer with these six words as verified, and end")
      ->expected(6)
      ->needs(known);
  app.add_option("--accept", o.accept_words,
                 "Let the known peer with these six words hear although it has the name of a "
                 "verified one, and end")
      ->expected(6)
      ->needs(known);
  app.add_option("--known-relays", o.known_relays,
                 "File of relays and their identities: a change is told");
  app.add_flag("--verified-only", o.verified_only, "Let only verified peers hear")->needs(known);
  app.add_flag("--constant-rate", o.constant_rate,
               "Sizes and times of packets do not depend on what is said, even when muted")
      ->excludes("--silence-suppression");
  app.add_flag("--allow-unencrypted-peers", o.allow_unencrypted_peers,
               "Talk in clear with peers and relays that cannot encrypt: the relay can listen");
  app.add_flag("--mute", o.muted, "Send nothing of the source");
  app.add_option("--alias", o.alias, "What to call yourself, told to the other participants")
      ->check([](const std::string& text) {
        return text.size() > 64 ? "at most 64 bytes" : std::string();
      });
}

}  // namespace

std::optional<int> parse_command_line(ClientOptions& o, int argc, char** argv) {
  CLI::App app("Joins a room of a relay: sends and records voice.", "wzp-client");
  app.add_option("relay", o.relay, "Relay as host:port")->capture_default_str();
  app.add_option("--room", o.room, "Room name; without it the room \"default\"");
  auto* seed = app.add_option("--seed", o.seed_hex, "Identity: 64 hex digits")->envname("WZP_SEED");
  auto* mnemonic = app.add_option("--mnemonic", o.mnemonic, "Identity: 24 BIP39 words")
                       ->expected(1, 24)
                       ->excludes(seed);
  app.add_option("--identity", o.identity_file,
                 "Identity: a file with the seed, made on first use; without any of these the "
                 "identity is new each time")
      ->excludes(seed)
      ->excludes(mnemonic);
  auto* tone = app.add_option("--send-tone", o.tone_seconds, "Send a 440 Hz tone for SECONDS")
                   ->check(CLI::Range(1U, 86'400U));
  app.add_option("--send-file", o.send_file,
                 "Send a recording: WAV, or raw 48 kHz mono s16le (.raw, .pcm, .s16)")
      ->excludes(tone);
  app.add_option("--record", o.record, "Record what is heard: WAV, or raw by the name's ending");
  app.add_option("--profile", o.profile,
                 "Quality of what is sent: auto follows the listeners' reports, others are held")
      ->check(CLI::IsMember({"auto", "good", "degraded", "rescue", "catastrophic"}))
      ->capture_default_str();
  app.add_flag("--silence-suppression", o.silence_suppression,
               "Send comfort noise instead of silence");
  app.add_flag("--noise-suppression", o.noise_suppression, "Take steady noise out before sending");
  app.add_flag("--gain-control", o.gain_control, "Bring speech to one level before sending");
  add_security(app, o);
  app.add_option("--stats-json", o.stats_json, "Write the call's statistics to FILE at its end");
  app.add_option(
      "--webrtc-stats", o.webrtc_stats,
      "Write the statistics to FILE under the names of W3C webrtc-stats (JSON), each 5 s");
  app.add_option("--playout-map", o.playout_map,
                 "Write where each 20 ms played came from to FILE (CSV)");
  return parse(app, argc, argv);
}

}  // namespace wzp::apps
