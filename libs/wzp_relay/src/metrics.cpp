#include "wzp/relay/metrics.hpp"

#include <array>
#include <charconv>
#include <span>

namespace wzp::relay {
namespace {

using Type = MetricsText::Type;

void append_escaped(std::string& out, std::string_view text, bool quotes_too) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (c == '"' && quotes_too)) {
      out += {'\\', c};
    } else {
      out += c;
    }
  }
}

std::string real_text(double value) {
  std::array<char, 64> room{};
  const auto [end, error] =
      std::to_chars(room.data(), room.data() + room.size(), value, std::chars_format::general, 12);
  return error == std::errc{} ? std::string(room.data(), end) : "NaN";
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kCounter:
      return "counter";
    case Type::kGauge:
      return "gauge";
    default:
      return "histogram";
  }
}

struct Single {
  std::string_view name;
  std::string_view help;
  std::uint64_t RelayCounters::*member;
};

constexpr Single kSingles[] = {
    {"wzp_relay_packets_received_total", "Datagrams from participants.", &RelayCounters::media_in},
    {"wzp_relay_packets_forwarded_total", "Packet copies handed to participants.",
     &RelayCounters::media_forwarded},
    {"wzp_relay_bytes_forwarded_total", "Bytes of those, as datagrams.",
     &RelayCounters::media_bytes_forwarded},
    {"wzp_relay_signals_received_total", "Signals from peers.", &RelayCounters::signals_in},
    {"wzp_relay_signals_forwarded_total", "Copies of signals passed on to a room.",
     &RelayCounters::signals_forwarded},
    {"wzp_relay_peer_signals_forwarded_total", "PeerSignals passed on.",
     &RelayCounters::peer_signals_forwarded},
    {"wzp_relay_send_to_forwarded_total", "SendTo signals and datagrams passed on.",
     &RelayCounters::send_to_forwarded},
    {"wzp_relay_endpoint_gone_total", "EndpointGone notices.", &RelayCounters::endpoint_gone_sent},
    {"wzp_relay_accepts_total", "Connections accepted.", &RelayCounters::accepts},
    {"wzp_relay_unique_client_keys_total", "Identities new on their UTC day.",
     &RelayCounters::unique_identities},
    {"wzp_relay_bound_offers_total", "Offers proven to be made for their connection.",
     &RelayCounters::bound},
    {"wzp_relay_challenges_total", "Challenges given out.", &RelayCounters::challenges_sent},
    {"wzp_relay_pings_sent_total", "Keep-alive pings.", &RelayCounters::pings_sent},
    {"wzp_relay_pongs_sent_total", "Answers to pings of peers.", &RelayCounters::pings_answered},
    {"wzp_relay_parked_total", "Connections another one took the identity from.",
     &RelayCounters::parked},
    {"wzp_relay_promoted_total", "Parked connections made active.", &RelayCounters::promoted},
    {"wzp_relay_takeovers_limited_total", "Take-overs of an identity refused for their rate.",
     &RelayCounters::takeovers_limited},
};

struct Cause {
  std::string_view name;
  std::uint64_t RelayCounters::*member;
};

constexpr Cause kPacketDrops[] = {
    {"malformed", &RelayCounters::media_malformed},
    {"before_join", &RelayCounters::media_before_join},
    {"rate_limited", &RelayCounters::media_limited},
    {"parked", &RelayCounters::media_parked},
    {"not_sent", &RelayCounters::media_not_sent},
    {"sealed_for_legacy", &RelayCounters::media_sealed_withheld},
    {"clear_for_sealing", &RelayCounters::media_clear_withheld},
};
constexpr Cause kSignalDrops[] = {
    {"malformed", &RelayCounters::signals_malformed},
    {"rate_limited", &RelayCounters::signals_limited},
    {"unknown", &RelayCounters::signals_unknown},
    {"ignored", &RelayCounters::signals_ignored},
    {"not_sent", &RelayCounters::signals_not_sent},
    {"undeliverable", &RelayCounters::undeliverable},
};

void write_causes(MetricsText& out, std::span<const Cause> causes, const RelayCounters& counters) {
  for (const Cause& cause : causes) out.sample("cause", cause.name, counters.*cause.member);
}

void write_sessions(MetricsText& out, const std::vector<SessionQuality>& sessions) {
  if (sessions.empty()) return;
  out.family("wzp_relay_session_loss_pct", Type::kGauge, "Loss in the last quality report.");
  for (const auto& s : sessions) {
    out.real_sample("session_id", s.session_id, static_cast<double>(s.report.loss_percent()));
  }
  out.family("wzp_relay_session_rtt_ms", Type::kGauge, "Round trip in the last quality report.");
  for (const auto& s : sessions) {
    out.sample("session_id", s.session_id, static_cast<std::uint64_t>(s.report.rtt().count()));
  }
}

void write_gauges(MetricsText& out, const RelayGauges& gauges) {
  out.family("wzp_relay_active_sessions", Type::kGauge, "Participants now.");
  out.sample(gauges.active_sessions);
  out.family("wzp_relay_active_rooms", Type::kGauge, "Rooms now.");
  out.sample(gauges.active_rooms);
  out.family("wzp_relay_unique_clients_today", Type::kGauge, "Identities seen this UTC day.");
  out.sample(gauges.unique_identities_today);
  out.family("wzp_relay_participants", Type::kGauge, "Participants by protection of their sound.");
  out.sample("kind", "encrypted", gauges.kinds.encrypted);
  out.sample("kind", "clear", gauges.kinds.clear);
  out.sample("kind", "gateway", gauges.kinds.gateways);
  out.family("wzp_relay_draining", Type::kGauge, "1 while the relay is about to end.");
  out.sample(gauges.is_draining ? 1 : 0);
  write_sessions(out, gauges.sessions);
}

}  // namespace

void MetricsText::family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  text_ += "# HELP " + name_ + ' ';
  append_escaped(text_, help, false);
  text_ += "\n# TYPE " + name_ + ' ' + std::string(type_name(type)) + '\n';
}

void MetricsText::sample(std::uint64_t value) {
  text_ += name_ + ' ' + std::to_string(value) + '\n';
}

void MetricsText::sample(std::string_view label, std::string_view label_value,
                         std::uint64_t value) {
  text_ += name_ + '{' + std::string(label) + "=\"";
  append_escaped(text_, label_value, true);
  text_ += "\"} " + std::to_string(value) + '\n';
}

void MetricsText::real_sample(double value) { text_ += name_ + ' ' + real_text(value) + '\n'; }

void MetricsText::real_sample(std::string_view label, std::string_view label_value, double value) {
  text_ += name_ + '{' + std::string(label) + "=\"";
  append_escaped(text_, label_value, true);
  text_ += "\"} " + real_text(value) + '\n';
}

void MetricsText::write_histogram(std::string_view name, std::string_view help,
                                  std::span<const double> bounds,
                                  std::span<const std::uint64_t> counts, double sum) {
  family(name, Type::kHistogram, help);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    const std::string bound = i < bounds.size() ? real_text(bounds[i]) : "+Inf";
    text_ += name_ + "_bucket{le=\"" + bound + "\"} " + std::to_string(total) + '\n';
  }
  text_ += name_ + "_sum " + real_text(sum) + '\n';
  text_ += name_ + "_count " + std::to_string(total) + '\n';
}

RelayGauges gauges_of(const Relay& relay) {
  return {relay.participant_count(), relay.room_count(),  relay.unique_identities_today(),
          relay.participant_kinds(), relay.is_draining(), relay.session_qualities()};
}

std::string relay_metrics(const RelayCounters& counters, const RelayGauges& gauges) {
  MetricsText out;
  write_gauges(out, gauges);
  for (const Single& one : kSingles) {
    out.family(one.name, Type::kCounter, one.help);
    out.sample(counters.*one.member);
  }
  out.family("wzp_relay_packets_dropped_total", Type::kCounter, "Packets or copies not delivered.");
  write_causes(out, kPacketDrops, counters);
  out.family("wzp_relay_signals_dropped_total", Type::kCounter, "Signals without effect.");
  write_causes(out, kSignalDrops, counters);
  out.family("wzp_relay_auth_attempts_total", Type::kCounter, "Verdicts about tokens.");
  out.sample("result", "ok", counters.auth_ok);
  out.sample("result", "fail", counters.auth_failed);
  out.histogram("wzp_relay_handshake_duration_seconds",
                "From the connection, or the verdict about its token, to admission.",
                counters.handshake_seconds);
  out.family("wzp_relay_disconnects_total", Type::kCounter, "Connections ended.");
  for (std::size_t i = 0; i < kEndReasonCount; ++i) {
    out.sample("reason", name(static_cast<EndReason>(i)), counters.ended[i]);
  }
  return out.text();
}

}  // namespace wzp::relay
