/// \file
/// A real wzp-relay as a child process, and what it costs.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "child_process.hpp"

namespace wzp::bench {

/// Runs on loopback, on any free port, bound to CPU 0. Throws if it does not start.
class RelayProcess {
 public:
  explicit RelayProcess(std::vector<std::string> flags);
  ~RelayProcess();
  RelayProcess(RelayProcess&&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Of all its threads, user and system, so far.
  [[nodiscard]] double cpu_seconds() const;
  [[nodiscard]] double resident_kb() const;
  [[nodiscard]] std::size_t open_descriptors() const;

 private:
  ChildProcess process_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::thread log_reader_;  // a full pipe would stop the relay
};

}  // namespace wzp::bench
