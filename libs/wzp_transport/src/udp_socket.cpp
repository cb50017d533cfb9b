#include "udp_socket.hpp"

#include <fcntl.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "reuseport_steering.hpp"
#include "sockaddr.hpp"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

namespace wzp::transport {
namespace {

// The longest UDP payload taken from the socket at once without and with segments glued together.
constexpr std::size_t kPlainRoom = 2048;
constexpr std::size_t kGroRoom = 65'536;

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

Errc errc_of_bind(int error) {
  switch (error) {
    case EADDRINUSE:
      return Errc::kAddressInUse;
    case EADDRNOTAVAIL:
      return Errc::kAddressNotAvailable;
    case EACCES:
    case EPERM:
      return Errc::kPermissionDenied;
    default:
      return Errc::kSocketFailed;
  }
}

template <class T>
T read_value(const cmsghdr* c) {
  T value;
  std::memcpy(&value, CMSG_DATA(c), sizeof value);
  return value;
}

// Appends a control message; the caller sized the buffer.
template <class T>
void append_control(msghdr& header, int level, int type, const T& value) {
  auto* base = static_cast<std::byte*>(header.msg_control);
  auto* c = reinterpret_cast<cmsghdr*>(base + header.msg_controllen);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(c), &value, sizeof value);
  header.msg_controllen += CMSG_SPACE(sizeof value);
}

}  // namespace

// -- Opening
// ---------------------------------------------------------------------------------------

UdpSocket::UdpSocket(int fd, bool v6, UdpDriverCounters& counters)
    : fd_(fd), v6_(v6), counters_(&counters) {}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) ::close(fd_);
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept { *this = std::move(other); }

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  fd_ = std::exchange(other.fd_, -1);
  v6_ = other.v6_;
  any_address_ = other.any_address_;
  gso_ = other.gso_;
  gro_ = other.gro_;
  local_ = other.local_;
  counters_ = other.counters_;
  receive_room_ = other.receive_room_;
  receive_bytes_ = std::move(other.receive_bytes_);
  receive_ = std::move(other.receive_);
  receive_iov_ = std::move(other.receive_iov_);
  receive_from_ = std::move(other.receive_from_);
  receive_control_ = std::move(other.receive_control_);
  kernel_drops_ = other.kernel_drops_;
  send_ = std::move(other.send_);
  outgoing_ = std::move(other.outgoing_);
  return *this;
}

Result<UdpSocket> UdpSocket::open(const UdpDriverConfig& config, UdpDriverCounters& counters) {
  const bool v6 = config.listen.family() == SocketAddress::Family::kIpv6;
  const int fd =
      ::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd < 0) return Unexpected(Errc::kSocketFailed);
  UdpSocket socket(fd, v6, counters);
  socket.configure(config);
  sockaddr_storage address{};
  socklen_t size = to_sockaddr(config.listen, address);
  if (size == 0) return Unexpected(Errc::kAddressInvalid);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) {
    return Unexpected(errc_of_bind(errno));
  }
  if (config.steer_shards > 1 && !attach_steering(fd, config.steer_shards)) {
    return Unexpected(Errc::kSocketFailed);
  }
  size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  socket.local_ = from_sockaddr(reinterpret_cast<sockaddr*>(&address));
  socket.prepare_receive(std::max<std::size_t>(config.receive_batch, 1));
  socket.prepare_send();
  return socket;
}

void UdpSocket::configure(const UdpDriverConfig& config) {
  any_address_ = config.listen.is_unspecified();
  if (config.reuse_port) set_option(fd_, SOL_SOCKET, SO_REUSEPORT, 1);
  if (v6_) set_option(fd_, IPPROTO_IPV6, IPV6_V6ONLY, any_address_ ? 0 : 1);
  set_option(fd_, SOL_SOCKET, SO_RCVBUF, config.receive_buffer_bytes);
  set_option(fd_, SOL_SOCKET, SO_SNDBUF, config.send_buffer_bytes);
  set_option(fd_, SOL_SOCKET, SO_RXQ_OVFL, 1);
  // QUIC packets are never fragmented; ours are so short that no path needs it.
  set_option(fd_, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  if (v6_) set_option(fd_, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  if (any_address_) {
    set_option(fd_, IPPROTO_IP, IP_PKTINFO, 1);
    if (v6_) set_option(fd_, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  }
  gso_ = config.gso && set_option(fd_, IPPROTO_UDP, UDP_SEGMENT, 0);
  gro_ = config.gro && set_option(fd_, IPPROTO_UDP, UDP_GRO, 1);
}

// -- Receiving
// -------------------------------------------------------------------------------------

void UdpSocket::prepare_receive(std::size_t messages) {
  receive_room_ = gro_ ? kGroRoom : kPlainRoom;
  receive_bytes_ = std::make_unique_for_overwrite<std::byte[]>(messages * receive_room_);
  receive_.resize(messages);
  receive_iov_.resize(messages);
  receive_from_.resize(messages);
  receive_control_.resize(messages);
  for (std::size_t i = 0; i < messages; ++i) {
    receive_iov_[i] = {receive_bytes_.get() + i * receive_room_, receive_room_};
    msghdr& header = receive_[i].msg_hdr;
    header = {};
    header.msg_name = &receive_from_[i];
    header.msg_iov = &receive_iov_[i];
    header.msg_iovlen = 1;
    header.msg_control = receive_control_[i].data();
  }
}

std::size_t UdpSocket::receive_batch() {
  for (mmsghdr& message : receive_) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    message.msg_hdr.msg_controllen = kControlBytes;
  }
  ++counters_->receive_calls;
  const int n = ::recvmmsg(fd_, receive_.data(), static_cast<unsigned>(receive_.size()),
                           MSG_DONTWAIT, nullptr);
  if (n >= 0) return static_cast<std::size_t>(n);
  if (errno != EAGAIN && errno != EINTR) ++counters_->receive_errors;
  return 0;
}

UdpSocket::Arrival UdpSocket::arrival(std::size_t i) {
  const msghdr& header = receive_[i].msg_hdr;
  Arrival a;
  a.bytes = {receive_bytes_.get() + i * receive_room_, receive_[i].msg_len};
  a.from = from_sockaddr(static_cast<const sockaddr*>(header.msg_name));
  a.to = local_;
  a.segment = a.bytes.size();
  if ((header.msg_flags & MSG_TRUNC) != 0) {
    ++counters_->packets_truncated;
    a.bytes = {};
    return a;
  }
  read_control(header, a);
  a.segment = std::max<std::size_t>(a.segment, 1);
  counters_->packets_in += (a.bytes.size() + a.segment - 1) / a.segment;
  return a;
}

void UdpSocket::read_control(const msghdr& header, Arrival& arrival) {
  auto* mutable_header = const_cast<msghdr*>(&header);
  for (cmsghdr* c = CMSG_FIRSTHDR(mutable_header); c != nullptr;
       c = CMSG_NXTHDR(mutable_header, c)) {
    if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      arrival.segment = static_cast<std::size_t>(std::max(read_value<int>(c), 1));
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
      const auto total = read_value<std::uint32_t>(c);
      counters_->packets_dropped_by_full_socket +=
          total - kernel_drops_;  // wraps like the kernel's
      kernel_drops_ = total;
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_addr = read_value<in_pktinfo>(c).ipi_addr;
      arrival.to = from_sockaddr(reinterpret_cast<sockaddr*>(&to)).with_port(local_.port());
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      sockaddr_in6 to{};
      to.sin6_family = AF_INET6;
      to.sin6_addr = read_value<in6_pktinfo>(c).ipi6_addr;
      arrival.to = from_sockaddr(reinterpret_cast<sockaddr*>(&to)).with_port(local_.port());
    }
  }
}

// -- Sending
// ---------------------------------------------------------------------------------------

void UdpSocket::prepare_send() {
  send_.reserve(kSendAtOnce);
  outgoing_.reserve(kSendAtOnce);
}

// On a wildcard socket the answer leaves from the address the question came to.
void UdpSocket::append_source(msghdr& header, const SocketAddress& source) const {
  if (!any_address_ || source.is_unspecified()) return;
  if (source.family() == SocketAddress::Family::kIpv4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, source.ip().data(), source.ip().size());
    append_control(header, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, source.ip().data(), source.ip().size());
    append_control(header, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

void UdpSocket::add_message(const TxBatch::Entry& entry, ByteView bytes, bool segmented) {
  if (outgoing_.size() == kSendAtOnce) send_prepared();
  Outgoing& out = outgoing_.emplace_back();
  out.segment = segmented ? entry.segment_size : std::uint16_t{0};
  out.iov = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  mmsghdr& message = send_.emplace_back();
  msghdr& header = message.msg_hdr;
  header = {};
  header.msg_name = &out.to;
  header.msg_namelen =
      v6_ ? to_sockaddr_v6(entry.destination, out.to) : to_sockaddr(entry.destination, out.to);
  header.msg_iov = &out.iov;
  header.msg_iovlen = 1;
  header.msg_control = out.control.data();
  append_source(header, entry.source);
  if (segmented) append_control(header, IPPROTO_UDP, UDP_SEGMENT, entry.segment_size);
  if (header.msg_controllen == 0) header.msg_control = nullptr;
}

void UdpSocket::add_entry(const TxBatch& batch, const TxBatch::Entry& entry) {
  if (entry.segments() == 1 || gso_) {
    add_message(entry, batch.bytes(entry), entry.segments() > 1);
    return;
  }
  for (std::size_t i = 0; i < entry.segments(); ++i) {
    add_message(entry, batch.segment(entry, i), false);
  }
}

void UdpSocket::send(const TxBatch& batch) {
  for (const TxBatch::Entry& entry : batch.entries()) add_entry(batch, entry);
  send_prepared();
}

void UdpSocket::send_prepared() {
  std::size_t done = 0;
  while (done < send_.size()) {
    ++counters_->send_calls;
    const int n = ::sendmmsg(fd_, send_.data() + done, static_cast<unsigned>(send_.size() - done),
                             MSG_DONTWAIT);
    if (n > 0) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
        counters_->packets_out += outgoing_[done + i].packets();
      }
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR && !resume_after_error(done, errno)) {
      break;
    }
  }
  send_.clear();
  outgoing_.clear();
}

// Deals with the message that failed; false if there is no point in going on.
bool UdpSocket::resume_after_error(std::size_t& done, int error) {
  if (error == EAGAIN || error == ENOBUFS) {  // the socket is full: late media are worthless
    for (; done < send_.size(); ++done) counters_->send_errors += outgoing_[done].packets();
    return false;
  }
  // A device without checksum offload cannot segment either: from now on we do it.
  if (outgoing_[done].segment != 0 && (error == EIO || error == EINVAL || error == EOPNOTSUPP)) {
    gso_ = false;
    send_in_segments(outgoing_[done], send_[done].msg_hdr);
  } else {
    counters_->send_errors += outgoing_[done].packets();
  }
  ++done;
  return true;
}

void UdpSocket::send_in_segments(const Outgoing& out, msghdr header) {
  header.msg_controllen -= CMSG_SPACE(sizeof(std::uint16_t));  // the last one asks for segmentation
  if (header.msg_controllen == 0) header.msg_control = nullptr;
  auto* bytes = static_cast<std::byte*>(out.iov.iov_base);
  for (std::size_t at = 0; at < out.iov.iov_len; at += out.segment) {
    iovec part{bytes + at, std::min<std::size_t>(out.segment, out.iov.iov_len - at)};
    header.msg_iov = &part;
    ++counters_->send_calls;
    ++(::sendmsg(fd_, &header, MSG_DONTWAIT) >= 0 ? counters_->packets_out
                                                  : counters_->send_errors);
  }
}

}  // namespace wzp::transport
