// wzp-client: options, files, signals and a status line around wzp::client::Call.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "../command_line.hpp"
#include "announcer.hpp"
#include "options.hpp"
#include "room_secret.hpp"
#include "wzp/client/audio_file.hpp"
#include "wzp/client/call.hpp"
#include "wzp/crypto/identity_file.hpp"
#include "wzp/crypto/room_hash.hpp"
#include "wzp/crypto/seed.hpp"
#include "wzp/crypto/system_rng.hpp"
#include "wzp/transport/asio_core_loop.hpp"
#include "wzp/transport/asio_resolve.hpp"
#include "wzp/transport/asio_udp_driver.hpp"

namespace {

using namespace wzp;

constexpr std::uint16_t kDefaultPort = 4433;
// After the source's end a recording client listens on: answers and late frames.
constexpr std::chrono::seconds kListenOn{2};

int fail(std::string_view what) { return apps::fail("wzp-client", what); }

template <class... Args>
void say(const char* format, Args... args) {
  std::printf(format, args...);
  std::fflush(stdout);
}

/// The identity the options name; an error is one line for people.
Expected<crypto::Identity, std::string> make_identity(const apps::ClientOptions& options) {
  if (!options.seed_hex.empty()) {
    const auto seed = crypto::Seed::from_hex(options.seed_hex);
    if (!seed) return Unexpected(std::string("--seed: 64 hex digits are needed"));
    return crypto::Identity::from_seed(*seed);
  }
  if (!options.mnemonic.empty()) {
    std::string words;
    for (const std::string& word : options.mnemonic) words += word + ' ';
    const auto seed = crypto::Seed::from_mnemonic(words);
    if (!seed) return Unexpected("--mnemonic: " + seed.error().message());
    return crypto::Identity::from_seed(*seed);
  }
  if (!options.identity_file.empty()) {
    const auto seed =
        crypto::load_or_create_identity_file(options.identity_file, crypto::system_rng());
    if (!seed) return Unexpected(seed.error().message);
    return crypto::Identity::from_seed(*seed);
  }
  return crypto::Identity::ephemeral(crypto::system_rng());
}

Expected<std::unique_ptr<client::AudioSource>, std::string> make_source(
    const apps::ClientOptions& options) {
  if (!options.send_file.empty()) {
    auto samples = client::load_audio_file(options.send_file);
    if (!samples) return Unexpected(samples.error().message);
    say("sending %s, %.1f s\n", options.send_file.c_str(),
        static_cast<double>(samples->size()) / client::kSampleRateHz);
    return std::make_unique<client::PcmSource>(std::move(*samples));
  }
  if (options.tone_seconds) {
    return std::make_unique<client::ToneSource>(std::chrono::seconds(*options.tone_seconds));
  }
  return std::unique_ptr<client::AudioSource>();
}

bool can_write(const std::string& path) {
  return path.empty() || std::ofstream(path, std::ios::app).good();
}

bool write_text(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  return out.good();
}

/// One call on a loop of its own, from the first packet to the written files.
class Session {
 public:
  Session(const apps::ClientOptions& options, const client::CallOptions& call_options,
          const crypto::Identity& me, std::unique_ptr<client::AudioSource> source,
          crypto::KnownPeers& known)
      : options_(options),
        source_(std::move(source)),
        announcer_(known, options.known_peers),
        endpoint_(client::Call::endpoint_config(), transport::TlsContext::make_client(),
                  crypto::system_rng()),
        call_(endpoint_, me, crypto::system_rng(), call_options, source_.get(),
              options.record.empty() ? static_cast<client::AudioSink&>(null_) : recording_,
              &announcer_),
        signals_(io_, SIGINT, SIGTERM),
        status_(io_) {
    if (!options.playout_map.empty()) call_.record_playout_map();
  }

  /// `relays` must outlive the session.
  void watch_relay(crypto::KnownRelays& relays) {
    announcer_.watch_relay(relays, options_.known_relays, options_.relay);
  }

  int run(const transport::SocketAddress& relay) {
    transport::UdpDriverConfig socket;
    const bool ipv6 = relay.family() == transport::SocketAddress::Family::kIpv6;
    socket.listen = ipv6 ? transport::SocketAddress::ipv6({}, 0)
                         : transport::SocketAddress::ipv4({0, 0, 0, 0}, 0);
    auto driver = transport::UdpDriver::open(io_, endpoint_, socket);
    if (!driver) return fail("cannot open a socket: " + std::string(message(driver.error())));
    signals_.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      call_.hang_up(transport::UdpDriver::now());
      driver->wake();
    });
    call_.start(relay, transport::UdpDriver::now());
    transport::AsioCoreLoop loop(io_, *driver, [this](Instant now) { return turn(now); });
    print_status();
    io_.run();
    return report();
  }

 private:
  Instant turn(Instant now) {
    call_.handle_turn(now);
    if (!is_held_ && call_.state() == client::CallState::kActive) {
      is_held_ = true;
      if (options_.forced_profile()) call_.force_profile(options_.forced_profile(), now);
    }
    Instant next = call_.next_deadline();
    if (announcer_.print_next()) next = now;
    if (call_.state() == client::CallState::kActive && call_.source_ended()) {
      if (hang_up_at_ == kNever) {
        hang_up_at_ = options_.record.empty() ? now : now + kListenOn;
      }
      if (now >= hang_up_at_) {
        call_.hang_up(now);
      } else {
        next = std::min(next, hang_up_at_);
      }
    }
    if (call_.state() == client::CallState::kClosed) io_.stop();
    return next;
  }

  void print_status() {
    status_.expires_after(std::chrono::seconds(5));
    status_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      if (const std::string unsaved = announcer_.save(); !unsaved.empty()) fail(unsaved);
      const client::CallStatistics s = call_.statistics();
      if (call_.state() != client::CallState::kActive) return print_status();
      if (!write_webrtc_stats()) fail(options_.webrtc_stats + ": cannot be written");
      say("%4.0f s  sent %llu frames, played %llu (%llu recovered, %llu concealed)\n",
          s.connected_seconds, static_cast<unsigned long long>(s.frames_sent),
          static_cast<unsigned long long>(s.receive.frames_played),
          static_cast<unsigned long long>(s.receive.frames_recovered),
          static_cast<unsigned long long>(s.receive.frames_concealed));
      print_status();
    });
  }

  bool write_webrtc_stats() {
    if (options_.webrtc_stats.empty()) return true;
    const std::chrono::duration<double, std::milli> since_1970 =
        std::chrono::system_clock::now().time_since_epoch();
    const auto stats = call_.webrtc_stats(since_1970.count(), transport::UdpDriver::now());
    return write_text(options_.webrtc_stats, stats.to_json());
  }

  int report() {
    int code = 0;
    const auto must = [&code](bool ok, const std::string& what) {
      if (!ok) code = fail(what);
    };
    announcer_.print_all();
    const std::string unsaved = announcer_.save();
    must(unsaved.empty(), unsaved);
    if (!options_.record.empty() && !recording_.samples().empty()) {
      const auto saved = client::save_audio_file(options_.record, recording_.samples());
      must(saved.has_value(), saved ? "" : saved.error().message);
      if (saved) {
        say("recorded %.1f s into %s\n",
            static_cast<double>(recording_.samples().size()) / client::kSampleRateHz,
            options_.record.c_str());
      }
    }
    if (!options_.stats_json.empty()) {
      must(write_text(options_.stats_json, call_.statistics().to_json()),
           options_.stats_json + ": cannot be written");
    }
    must(write_webrtc_stats(), options_.webrtc_stats + ": cannot be written");
    if (!options_.playout_map.empty()) {
      must(write_text(options_.playout_map, call_.playout_map().to_csv()),
           options_.playout_map + ": cannot be written");
    }
    if (call_.end().reason != client::CallEnd::Reason::kHungUp) return fail(call_.end().message);
    return code;
  }

  const apps::ClientOptions& options_;
  boost::asio::io_context io_;
  std::unique_ptr<client::AudioSource> source_;
  client::NullSink null_;
  client::RecordingSink recording_;
  apps::Announcer announcer_;
  transport::Endpoint endpoint_;
  client::Call call_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer status_;
  bool is_held_ = false;  // the profile the user asked for was set
  Instant hang_up_at_ = kNever;
};

Expected<client::CallOptions, std::string> call_options(const apps::ClientOptions& options,
                                                        const crypto::KnownPeers& known) {
  client::CallOptions out;
  out.profile = options.forced_profile().value_or(proto::kProfileGood);
  out.silence_suppression = options.silence_suppression;
  out.noise_suppression = options.noise_suppression;
  out.gain_control = options.gain_control;
  if (!options.room.empty()) out.server_name = crypto::room_hash(options.room);
  auto psk = apps::room_psk(options, out.server_name);
  if (!psk) return Unexpected(psk.error());
  out.room_psk = std::move(*psk);
  out.alias = options.alias;
  out.peer_policy = &known;
  out.allow_unencrypted_peers = options.allow_unencrypted_peers;
  out.constant_rate = options.constant_rate;
  out.muted = options.muted;
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

/// --verify and --accept: the peer is named by the words that were read aloud.
int set_trust(const std::string& file, crypto::KnownPeers& known, const std::string& words,
              crypto::Trust trust) {
  for (const crypto::IdentityKey& identity : known.identities()) {
    if (apps::words_of(identity) != words) continue;
    known.set_trust(identity, trust);
    if (const auto saved = known.save(file); !saved) return fail(saved.error().message);
    say("%s: %s\n", trust == crypto::Trust::kVerified ? "verified" : "accepted",
        crypto::Fingerprint::of(identity).to_text().c_str());
    return 0;
  }
  return fail(file + ": nobody in it has the words \"" + words + "\"");
}

Expected<crypto::KnownPeers, std::string> known_peers(const apps::ClientOptions& options) {
  if (options.known_peers.empty()) return crypto::KnownPeers();
  auto known = crypto::KnownPeers::load(options.known_peers);
  if (!known) return Unexpected(known.error().message);
  known->set_verified_only(options.verified_only);
  return std::move(*known);
}

Expected<crypto::KnownRelays, std::string> known_relays(const apps::ClientOptions& options) {
  if (options.known_relays.empty()) return crypto::KnownRelays();
  auto known = crypto::KnownRelays::load(options.known_relays);
  if (!known) return Unexpected(known.error().message);
  return std::move(*known);
}

int run(const apps::ClientOptions& options) {
  if (options.new_room_secret) return apps::print_new_room_secret();
  auto known = known_peers(options);
  if (!known) return fail(known.error());
  if (!options.verify_words.empty()) {
    return set_trust(options.known_peers, *known, joined(options.verify_words),
                     crypto::Trust::kVerified);
  }
  if (!options.accept_words.empty()) {
    return set_trust(options.known_peers, *known, joined(options.accept_words),
                     crypto::Trust::kAccepted);
  }
  auto relays = known_relays(options);
  if (!relays) return fail(relays.error());
  const auto security = call_options(options, *known);
  if (!security) return fail(security.error());
  const auto me = make_identity(options);
  if (!me) return fail(me.error());
  auto source = make_source(options);
  if (!source) return fail(source.error());
  for (const std::string& path :
       {options.record, options.stats_json, options.webrtc_stats, options.playout_map}) {
    if (!can_write(path)) return fail(path + ": cannot be written");
  }
  const auto relay = transport::resolve(options.relay, kDefaultPort);
  if (!relay) return fail(relay.error());
  say("identity %s\nyour words: %s\n", me->fingerprint().to_text().c_str(),
      apps::words_of(me->public_key()).c_str());
  if (options.allow_unencrypted_peers) {
    say("NOT end-to-end encrypted: peers and relays that cannot encrypt may hear in clear\n");
  } else {
    say("end-to-end encrypted%s\n", security->room_psk ? ", with a room secret" : "");
  }
  Session session(options, *security, *me, std::move(*source), *known);
  if (!options.known_relays.empty()) session.watch_relay(*relays);
  return session.run(*relay);
}

}  // namespace

int main(int argc, char** argv) {
  apps::ClientOptions options;
  if (const auto code = apps::parse_command_line(options, argc, argv)) return *code;
  try {
    return run(options);
  } catch (const std::exception& e) {
    return fail(e.what());
  }
}
