/// \file
/// What a call told its observer, as lines.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "wzp/client/call_observer.hpp"

namespace wzp::test {

class WrittenDown final : public client::CallObserver {
 public:
  using Who = client::RemoteParticipant;
  void on_joined(const Who& who) override {
    lines.push_back("joined " + who.fingerprint + ' ' + std::string(client::name(who.lock)));
  }
  void on_left(const Who& who) override { lines.push_back("left " + who.fingerprint); }
  void on_lock_changed(const Who& who) override {
    lines.push_back("lock " + std::string(client::name(who.lock)));
  }
  void on_alias(const Who& who) override { lines.push_back("alias " + who.alias); }
  void on_rekeyed(const Who&) override { lines.emplace_back("rekeyed"); }
  void on_key_changed() override { lines.emplace_back("key changed"); }
  void on_unencrypted_peer(const Who& who) override {
    lines.push_back("unencrypted peer " + who.fingerprint);
  }
  void on_no_keys(const Who&, crypto::e2e::NoKeys why) override {
    lines.push_back("no keys: " + std::string(client::no_keys_text(why)));
  }
  void on_interference(const Who&) override { lines.emplace_back("interference"); }
  void on_signal(const Who&, std::string_view json) override {
    lines.push_back("signal " + std::string(json));
  }

  /// Lines that begin so.
  [[nodiscard]] std::size_t count(std::string_view start) const {
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(),
                      [&](const std::string& line) { return line.starts_with(start); }));
  }
  [[nodiscard]] bool has(std::string_view start) const { return count(start) > 0; }

  std::vector<std::string> lines;
};

}  // namespace wzp::test
