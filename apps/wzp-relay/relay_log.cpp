#include "relay_log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace wzp::apps {

RelayLog::RelayLog(const relay::Config& config)
    : format_(config.log_format == "json" ? relay::LogFormat::kJson : relay::LogFormat::kText) {
  spdlog::set_default_logger(spdlog::stdout_logger_st("wzp-relay"));
  spdlog::set_pattern(format_ == relay::LogFormat::kJson
                          ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                          : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                      spdlog::pattern_time_type::utc);
  spdlog::flush_on(spdlog::level::debug);
  set_level(config.log_level);
}

void RelayLog::set_level(const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level));
}

void RelayLog::info(const relay::LogLine& line) { spdlog::info("{}", line.text()); }
void RelayLog::warn(const relay::LogLine& line) { spdlog::warn("{}", line.text()); }
void RelayLog::error(const relay::LogLine& line) { spdlog::error("{}", line.text()); }

void RelayLog::on_joined(const relay::ParticipantInfo& who, std::size_t size) {
  info(line("joined")
           .field("room", who.room)
           .field("stream", std::uint64_t{who.stream.value})
           .field("fingerprint", who.fingerprint.to_text())
           .field("remote", who.remote.to_string())
           .field("encrypted", who.has_hello ? "yes" : "no")
           .field("size", std::uint64_t{size}));
}

void RelayLog::on_left(const relay::ParticipantInfo& who, std::string_view why, std::size_t size) {
  info(line("left")
           .field("room", who.room)
           .field("stream", std::uint64_t{who.stream.value})
           .field("remote", who.remote.to_string())
           .field("packets", who.packets_received)
           .field("size", std::uint64_t{size})
           .field("reason", why));
}

void RelayLog::on_refused(const transport::SocketAddress& remote, relay::EndReason reason,
                          std::string_view why) {
  warn(line("refused")
           .field("remote", remote.to_string())
           .field("code", relay::name(reason))
           .field("reason", why));
}

void RelayLog::on_waiting_for_token(const transport::SocketAddress& remote) {
  spdlog::debug(
      "{}",
      line("waiting_for_token", "waiting for token").field("remote", remote.to_string()).text());
}

void RelayLog::on_authenticated(const transport::SocketAddress& remote,
                                const crypto::Fingerprint& fingerprint, std::string_view alias) {
  info(line("authenticated")
           .field("remote", remote.to_string())
           .field("fingerprint", fingerprint.to_text())
           .field("alias", alias));
}

void RelayLog::on_handshake(const transport::SocketAddress& remote, Duration elapsed) {
  spdlog::debug("{}", line("handshake_complete", "handshake complete")
                          .field("remote", remote.to_string())
                          .field("elapsed_ms", elapsed)
                          .text());
}

void RelayLog::on_room_closed(std::string_view room) {
  info(line("room_closed", "room closed").field("room", room));
}

void RelayLog::on_bad_input(const transport::SocketAddress& remote, std::string_view what) {
  warn(line("bad_input", "bad input").field("remote", remote.to_string()).field("what", what));
}

void RelayLog::on_parked(const relay::ParticipantInfo& who) {
  info(line("parked")
           .field("fingerprint", who.fingerprint.to_text())
           .field("remote", who.remote.to_string()));
}

void RelayLog::on_promoted(const relay::ParticipantInfo& who) {
  info(line("promoted")
           .field("fingerprint", who.fingerprint.to_text())
           .field("remote", who.remote.to_string()));
}

}  // namespace wzp::apps
