#include "plain_fan_out.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace wzp::bench {
namespace {

double thread_cpu_seconds() {
  timespec ts{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return static_cast<double>(ts.tv_sec) + static_cast<double>(ts.tv_nsec) * 1e-9;
}

}  // namespace

PlainFanOut::PlainFanOut(std::size_t room_size) : room_size_(room_size) {
  fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof own;
  const int room = 4 << 20;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  if (::bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "floor: no socket");
  }
  port_ = ntohs(own.sin_port);
  thread_ = std::thread([this] { run(); });
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(0, &cpu);
  ::pthread_setaffinity_np(thread_.native_handle(), sizeof cpu, &cpu);
}

PlainFanOut::~PlainFanOut() {
  stop_ = true;
  thread_.join();
  ::close(fd_);
}

void PlainFanOut::run() {
  static thread_local std::array<std::array<std::byte, 2048>, kBatch> buffers;
  std::array<sockaddr_in, kBatch> from;
  std::array<iovec, kBatch> iov;
  std::array<mmsghdr, kBatch> messages{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    iov[i] = {buffers[i].data(), buffers[i].size()};
    messages[i].msg_hdr.msg_iov = &iov[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &from[i];
  }
  while (!stop_) {
    pollfd waiting{fd_, POLLIN, 0};
    ::poll(&waiting, 1, 50);
    for (auto& m : messages) m.msg_hdr.msg_namelen = sizeof(sockaddr_in);
    const int n = ::recvmmsg(fd_, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < n; ++i) {
      const auto k = static_cast<std::size_t>(i);
      forward(from[k], buffers[k].data(), messages[k].msg_len);
    }
    flush();
    cpu_seconds_ = thread_cpu_seconds();
  }
}

void PlainFanOut::forward(const sockaddr_in& from, const std::byte* bytes, std::size_t size) {
  const auto [it, fresh] =
      index_.try_emplace({from.sin_addr.s_addr, from.sin_port}, members_.size());
  if (fresh) members_.push_back(from);
  const std::size_t first = it->second / room_size_ * room_size_;
  for (std::size_t i = first; i < std::min(first + room_size_, members_.size()); ++i) {
    if (i != it->second) outgoing_.push_back({members_[i], {const_cast<std::byte*>(bytes), size}});
  }
}

void PlainFanOut::flush() {
  std::vector<mmsghdr> messages(outgoing_.size());
  for (std::size_t i = 0; i < outgoing_.size(); ++i) {
    messages[i].msg_hdr.msg_name = &outgoing_[i].to;
    messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
    messages[i].msg_hdr.msg_iov = &outgoing_[i].bytes;
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (std::size_t done = 0; done < messages.size();) {
    const int n = ::sendmmsg(fd_, &messages[done], static_cast<unsigned>(messages.size() - done),
                             MSG_DONTWAIT);
    done += n > 0 ? static_cast<std::size_t>(n) : 1;
  }
  outgoing_.clear();
}

}  // namespace wzp::bench
