/// \file
/// The receiving half of the closed loop: measures how each sender is heard and decides when to
/// tell it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "wzp/client/export.hpp"
#include "wzp/proto/media_feedback.hpp"
#include "wzp/proto/quality_report.hpp"
#include "wzp/proto/reception_monitor.hpp"
#include "wzp/proto/serial.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::client {

struct FeedbackOptions {
  std::chrono::milliseconds quiet_interval{500};    ///< While all is well.
  std::chrono::milliseconds trouble_interval{250};  ///< While packets are lost or the delay grows.
  std::chrono::milliseconds alone_interval{1000};  ///< Without media to ride on, while all is well.
  std::uint32_t bytes_per_second = 80;             ///< Spent on average: 0.64 kbit/s.
  /// What may be received in all, kbit/s on the wire; 0: no limit but the measured one.
  std::uint32_t max_receive_kbps = 0;
};

/// What is measured here is the way to us; it says nothing of the way from us, which only the
/// others can see. Sans-I/O, single-threaded, movable; allocates for senders that are new.
class WZP_CLIENT_EXPORT FeedbackReporter {
 public:
  static constexpr std::size_t kMaxSenders = 128;

  explicit FeedbackReporter(const FeedbackOptions& options = {});
  ~FeedbackReporter();
  FeedbackReporter(FeedbackReporter&&) noexcept;
  FeedbackReporter& operator=(FeedbackReporter&&) noexcept;

  /// An authentic packet arrived, see proto::ReceptionMonitor::on_packet(). Senders beyond
  /// kMaxSenders are ignored.
  void on_packet(proto::SenderKey sender, SeqNo16 seq, MediaTime32 media_end, std::size_t bytes,
                 Instant now);
  /// An authentic packet that carries no sound and no time: its number is not missing. Ignored
  /// before the sender's first packet.
  void on_number(proto::SenderKey sender, SeqNo16 seq, std::size_t bytes) noexcept;
  void set_playout_delay(proto::SenderKey sender, Duration delay) noexcept;
  void forget(proto::SenderKey sender) noexcept;

  /// What to send now, if anything. `riding`: a media packet is about to leave and takes it along;
  /// otherwise it needs a packet of its own. At most `max_bytes`. It counts as sent.
  [[nodiscard]] std::optional<proto::MediaFeedback> poll(bool riding, std::size_t max_bytes,
                                                         Instant now) noexcept;
  /// When poll(false) may have something; kNever without senders.
  [[nodiscard]] Instant next_deadline() const noexcept;

  /// For a peer of the legacy layout: the path since the report before, once a second. `rtt` is our
  /// own to the relay. Nothing before a second has passed, or if it sent nothing.
  [[nodiscard]] std::optional<proto::QualityReport> poll_quality_report(proto::SenderKey sender,
                                                                        Duration rtt,
                                                                        Instant now) noexcept;

  /// What was counted of one sender; nothing if it was not heard.
  [[nodiscard]] std::optional<proto::ReceptionTotals> totals(
      proto::SenderKey sender) const noexcept;

  /// What each sender is asked to keep to, kbit/s; 0: nothing.
  [[nodiscard]] std::uint8_t cap_kbps(Instant now) const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::client
