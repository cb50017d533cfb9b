#include "wzp/transport/asio_core_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace wzp::transport {

class AsioCoreLoop::Impl {
 public:
  Impl(boost::asio::io_context& io, UdpDriver& driver, Turn turn)
      : driver_(driver), timer_(io), turn_(std::move(turn)) {}

  void start() {
    driver_.start([this](Instant now) { arm(turn_(now)); });
    driver_.wake();
  }

 private:
  void arm(Instant deadline) {
    if (deadline == armed_for_) return;
    armed_for_ = deadline;
    if (deadline == kNever) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(deadline));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      armed_for_ = kNever;
      driver_.wake();
    });
  }

  UdpDriver& driver_;
  boost::asio::steady_timer timer_;
  Turn turn_;
  Instant armed_for_ = kNever;
};

AsioCoreLoop::AsioCoreLoop(boost::asio::io_context& io, UdpDriver& driver, Turn turn)
    : impl_(std::make_unique<Impl>(io, driver, std::move(turn))) {
  impl_->start();
}
AsioCoreLoop::~AsioCoreLoop() = default;

}  // namespace wzp::transport
