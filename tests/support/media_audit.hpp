/// \file
/// Watches every packet that any call of a world seals, opens or refuses.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wzp/client/call.hpp"

namespace wzp::test {

/// Knows who sealed what and when. What must hold always is checked at once: no key and number seal
/// twice, and what opens under an identity was sealed by it.
class MediaAudit {
 public:
  using Identity = crypto::IdentityKey;
  using Instance = crypto::e2e::InstanceId;

  class Probe final : public client::MediaProbe {
   public:
    Probe(MediaAudit& audit, const Identity& identity) : audit_(audit), identity_(identity) {}
    /// The call it watches; again after each new one.
    void watch(const client::Call& call) { call_ = &call; }
    void on_sealed(const crypto::e2e::MediaPacket& packet, Instant now) override;
    void on_opened(StreamId from, const crypto::e2e::MediaPacket& packet, Instant now) override;
    void on_refused(StreamId from, crypto::e2e::MediaError why, Instant now) override;
    [[nodiscard]] const Identity& identity() const { return identity_; }

    std::uint64_t sealed = 0;
    std::uint64_t opened = 0;
    std::uint64_t refused = 0;

   private:
    [[nodiscard]] const crypto::e2e::Participant* listed(StreamId stream);

    MediaAudit& audit_;
    Identity identity_;
    const client::Call* call_ = nullptr;
    std::vector<crypto::e2e::Participant> room_;
  };

  Probe& probe_for(const Identity& identity) {
    probes_.push_back(std::make_unique<Probe>(*this, identity));
    return *probes_.back();
  }

  /// `sealed_at` is when its sender sealed it.
  std::function<void(const Probe& listener, const Identity& sender, Instant sealed_at, Instant now)>
      on_opened;
  std::function<void(const Probe& listener, const Identity& sender, crypto::e2e::MediaError why,
                     Instant now)>
      on_refused;
  /// Forgets what was sealed so long ago; for long runs. Numbers used twice that far apart are not
  /// noticed then.
  void forget_before(Instant when);

  std::vector<std::string> violations;

 private:
  using Number = std::tuple<Instance, std::uint32_t, std::uint8_t, std::uint16_t>;

  std::vector<std::unique_ptr<Probe>> probes_;
  std::map<Number, Instant> sealed_;
};

}  // namespace wzp::test
