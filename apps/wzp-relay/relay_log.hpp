/// \file
/// What the relay writes to its log.
#pragma once

#include <string>

#include "wzp/relay/config.hpp"
#include "wzp/relay/log_line.hpp"
#include "wzp/relay/relay.hpp"

namespace wzp::apps {

/// Everything that is worth a line: text or JSON on standard output, time in UTC.
class RelayLog final : public relay::RelayObserver {
 public:
  explicit RelayLog(const relay::Config& config);
  static void set_level(const std::string& level);

  [[nodiscard]] relay::LogLine line(std::string_view event, std::string_view phrase = {}) const {
    return {format_, event, phrase};
  }
  static void info(const relay::LogLine& line);
  static void warn(const relay::LogLine& line);
  static void error(const relay::LogLine& line);

  void on_joined(const relay::ParticipantInfo& who, std::size_t size) override;
  void on_left(const relay::ParticipantInfo& who, std::string_view why, std::size_t size) override;
  void on_refused(const transport::SocketAddress& remote, relay::EndReason reason,
                  std::string_view why) override;
  void on_waiting_for_token(const transport::SocketAddress& remote) override;
  void on_authenticated(const transport::SocketAddress& remote,
                        const crypto::Fingerprint& fingerprint, std::string_view alias) override;
  void on_handshake(const transport::SocketAddress& remote, Duration elapsed) override;
  void on_room_closed(std::string_view room) override;
  void on_bad_input(const transport::SocketAddress& remote, std::string_view what) override;
  void on_parked(const relay::ParticipantInfo& who) override;
  void on_promoted(const relay::ParticipantInfo& who) override;

 private:
  relay::LogFormat format_;
};

}  // namespace wzp::apps
