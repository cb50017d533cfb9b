#include "options.hpp"

#include "../command_line.hpp"

namespace wzp::apps {

proto::QualityProfile ClientOptions::quality_profile() const {
  if (profile == "degraded") return proto::kProfileDegraded;
  if (profile == "catastrophic") return proto::kProfileCatastrophic;
  return proto::kProfileGood;
}

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
  app.add_option("--profile", o.profile, "Quality of what is sent")
      ->check(CLI::IsMember({"good", "degraded", "catastrophic"}))
      ->capture_default_str();
  app.add_flag("--silence-suppression", o.silence_suppression,
               "Send comfort noise instead of silence");
  app.add_flag("--noise-suppression", o.noise_suppression, "Take steady noise out before sending");
  app.add_flag("--gain-control", o.gain_control, "Bring speech to one level before sending");
  app.add_option("--stats-json", o.stats_json, "Write the call's statistics to FILE at its end");
  app.add_option("--playout-map", o.playout_map,
                 "Write where each 20 ms played came from to FILE (CSV)");
  return parse(app, argc, argv);
}

}  // namespace wzp::apps
