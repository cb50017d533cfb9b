#include "wzp/transport/asio_udp_driver.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "udp_socket.hpp"
#include "wzp/transport/tx_batch.hpp"

namespace wzp::transport {

namespace asio = boost::asio;

class UdpDriver::Impl : public std::enable_shared_from_this<UdpDriver::Impl> {
 public:
  Impl(asio::io_context& io, Endpoint& endpoint, const UdpDriverConfig& config)
      : io_(io), endpoint_(endpoint), config_(config), readable_(io), timer_(io) {}

  Result<void> open(const SocketAddress& listen) {
    UdpDriverConfig config = config_;
    config.listen = listen;
    Result<UdpSocket> socket = UdpSocket::open(config, counters);
    if (!socket) return Unexpected(socket.error());
    if (readable_.is_open()) readable_.release();  // the old socket is closed by its owner
    socket_.emplace(std::move(*socket));
    readable_.assign(socket_->fd());
    return {};
  }

  void start(OnTurn on_turn) {
    on_turn_ = std::move(on_turn);
    running_ = true;
    wait_readable();
    wake();  // the endpoint may have something to say already
  }

  void stop() {
    if (socket_) flush(UdpDriver::now());
    release();
  }

  // Gives the socket back without another word to anybody.
  void release() noexcept {
    running_ = false;
    try {
      timer_.cancel();
      if (readable_.is_open()) readable_.release();
    } catch (const std::exception&) {
      // Only if the reactor is broken; then no handler comes either.
    }
    socket_.reset();
  }

  Result<void> rebind(const SocketAddress& listen) {
    if (readable_.is_open()) readable_.cancel();
    Result<void> opened = open(listen);
    if (running_) wait_readable();  // on the old socket if there is no new one
    return opened;
  }

  void wake() {
    if (wake_pending_ || !running_) return;
    wake_pending_ = true;
    asio::post(io_, [self = shared_from_this()] {
      self->wake_pending_ = false;
      if (self->running_) self->turn(UdpDriver::now());
    });
  }

  void flush_now() {
    if (!running_) return;
    flush(UdpDriver::now());
    arm_timer();
  }

  bool running() const noexcept { return running_; }
  const UdpSocket* socket() const noexcept { return socket_ ? &*socket_ : nullptr; }

  SocketAddress local;
  UdpDriverCounters counters;
  UdpDriverConfig& config() noexcept { return config_; }

 private:
  void wait_readable() {
    readable_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error && self->running_) self->on_readable();
                         });
  }

  void on_readable() {
    for (std::size_t i = 0; i < config_.max_batches_per_wakeup && running_; ++i) {
      const Instant now = UdpDriver::now();
      const std::size_t n =
          socket_->receive([&](const SocketAddress& from, const SocketAddress& to, ByteView bytes) {
            endpoint_.receive(from, to, bytes, now);
          });
      if (n == 0) break;
      turn(now);
      if (!running_ || n < socket_->batch_size()) break;
    }
    if (running_) wait_readable();
  }

  void on_timer() {
    const Instant now = UdpDriver::now();
    armed_for_ = kNever;
    if (flush_at_ <= now) flush(now);
    if (endpoint_.next_deadline() <= now) {
      endpoint_.handle_deadline(now);
      turn(now);
    } else {
      arm_timer();
    }
  }

  void turn(Instant now) {
    ++counters.turns;
    if (on_turn_) on_turn_(now);
    if (!running_) return;
    if (config_.flush_tick.count() == 0) {
      flush(now);
    } else if (flush_at_ == kNever) {
      flush_at_ = now + config_.flush_tick;
    }
    arm_timer();
  }

  void flush(Instant now) {
    flush_at_ = kNever;
    bool more = true;
    while (more) {
      more = endpoint_.flush(batch_, now);
      if (!batch_.empty()) socket_->send(batch_);
      batch_.clear();
    }
  }

  // Moves the timer only if it would fire too late: firing early costs less than moving it often.
  void arm_timer() {
    const Instant wanted = std::min(endpoint_.next_deadline(), flush_at_);
    if (wanted >= armed_for_) return;
    armed_for_ = wanted;
    timer_.expires_at(wanted);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && self->running_) self->on_timer();
    });
  }

  asio::io_context& io_;
  Endpoint& endpoint_;
  UdpDriverConfig config_;
  std::optional<UdpSocket> socket_;
  asio::posix::stream_descriptor readable_;
  asio::steady_timer timer_;
  TxBatch batch_;
  OnTurn on_turn_;
  Instant armed_for_ = kNever;
  Instant flush_at_ = kNever;
  bool running_ = false;
  bool wake_pending_ = false;
};

Result<UdpDriver> UdpDriver::open(asio::io_context& io, Endpoint& endpoint,
                                  const UdpDriverConfig& config) {
  auto impl = std::make_shared<Impl>(io, endpoint, config);
  if (const Result<void> opened = impl->open(config.listen); !opened) {
    return Unexpected(opened.error());
  }
  impl->local = impl->socket()->local();
  return UdpDriver(std::move(impl));
}

UdpDriver::UdpDriver(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
UdpDriver::UdpDriver(UdpDriver&&) noexcept = default;
UdpDriver& UdpDriver::operator=(UdpDriver&& other) noexcept {
  if (impl_ && impl_ != other.impl_) impl_->release();
  impl_ = std::move(other.impl_);
  return *this;
}
UdpDriver::~UdpDriver() {
  if (impl_) impl_->release();
}

void UdpDriver::start(OnTurn on_turn) { impl_->start(std::move(on_turn)); }
void UdpDriver::stop() { impl_->stop(); }
bool UdpDriver::is_running() const noexcept { return impl_->running(); }
void UdpDriver::wake() { impl_->wake(); }
void UdpDriver::flush_now() { impl_->flush_now(); }
void UdpDriver::set_flush_tick(std::chrono::microseconds tick) {
  impl_->config().flush_tick = tick;
}

Result<void> UdpDriver::rebind(const SocketAddress& listen) {
  Result<void> result = impl_->rebind(listen);
  if (result) impl_->local = impl_->socket()->local();
  return result;
}

Instant UdpDriver::now() noexcept {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}
const SocketAddress& UdpDriver::local_address() const noexcept { return impl_->local; }
bool UdpDriver::uses_gso() const noexcept { return impl_->socket() && impl_->socket()->gso(); }
bool UdpDriver::uses_gro() const noexcept { return impl_->socket() && impl_->socket()->gro(); }
const UdpDriverCounters& UdpDriver::counters() const noexcept { return impl_->counters; }

}  // namespace wzp::transport
