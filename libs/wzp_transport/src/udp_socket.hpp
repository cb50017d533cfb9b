// A UDP socket that receives and sends in batches.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "wzp/proto/bytes.hpp"
#include "wzp/transport/asio_udp_driver.hpp"
#include "wzp/transport/tx_batch.hpp"

namespace wzp::transport {

class UdpSocket {
 public:
  // Called for each UDP payload: from, to, bytes.
  template <class Handler>
  // Receives up to one batch; returns the number of messages (not payloads) taken from the socket.
  std::size_t receive(Handler handler) {
    const std::size_t n = receive_batch();
    for (std::size_t i = 0; i < n; ++i) {
      const Arrival a = arrival(i);
      for (std::size_t at = 0; at < a.bytes.size(); at += a.segment) {
        handler(a.from, a.to, a.bytes.subspan(at, std::min(a.segment, a.bytes.size() - at)));
      }
    }
    return n;
  }
  void send(const TxBatch& batch);

  static Result<UdpSocket> open(const UdpDriverConfig& config, UdpDriverCounters& counters);
  ~UdpSocket();
  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] const SocketAddress& local() const noexcept { return local_; }
  [[nodiscard]] bool gso() const noexcept { return gso_; }
  [[nodiscard]] bool gro() const noexcept { return gro_; }
  [[nodiscard]] std::size_t batch_size() const noexcept { return receive_.size(); }

 private:
  struct Arrival {
    SocketAddress from;
    SocketAddress to;
    ByteView bytes;
    std::size_t segment;  // payloads within bytes are this long, the last may be shorter
  };
  static constexpr std::size_t kControlBytes = 128;
  static constexpr std::size_t kSendAtOnce = 512;

  UdpSocket(int fd, bool v6, UdpDriverCounters& counters);
  void configure(const UdpDriverConfig& config);
  void prepare_receive(std::size_t messages);
  std::size_t receive_batch();
  Arrival arrival(std::size_t i);
  void read_control(const msghdr& header, Arrival& arrival);

  void prepare_send();
  void add_message(const TxBatch::Entry& entry, ByteView bytes, bool segmented);
  void add_entry(const TxBatch& batch, const TxBatch::Entry& entry);
  void send_prepared();
  void append_source(msghdr& header, const SocketAddress& source) const;

  int fd_ = -1;
  bool v6_ = false;
  bool any_address_ = false;  // bound to a wildcard: each packet says which local address it is for
  bool gso_ = false;
  bool gro_ = false;
  SocketAddress local_;
  UdpDriverCounters* counters_;

  std::size_t receive_room_ = 0;                // bytes per message
  std::unique_ptr<std::byte[]> receive_bytes_;  // not touched before a packet needs it
  std::vector<mmsghdr> receive_;
  std::vector<iovec> receive_iov_;
  std::vector<sockaddr_storage> receive_from_;
  std::vector<std::array<std::byte, kControlBytes>> receive_control_;
  std::uint32_t kernel_drops_ = 0;

  struct Outgoing {
    sockaddr_storage to;
    iovec iov;
    alignas(cmsghdr) std::array<std::byte, kControlBytes> control;
    std::uint16_t segment;
    [[nodiscard]] std::size_t packets() const noexcept {
      return segment == 0 ? 1 : (iov.iov_len + segment - 1) / segment;
    }
  };
  bool resume_after_error(std::size_t& done, int error);
  void send_in_segments(const Outgoing& out, msghdr header);
  std::vector<mmsghdr> send_;
  std::vector<Outgoing> outgoing_;
};

}  // namespace wzp::transport
