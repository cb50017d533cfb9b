/// \file
/// A real wzp-relay as a child process, and what it costs.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
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

  /// Ends it as an operator does; its exit code, nothing if it still runs after 10 s.
  [[nodiscard]] std::optional<int> terminate();
  /// All it printed; after terminate().
  [[nodiscard]] const std::string& output() const { return process_.output(); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Of all its threads, user and system, so far.
  [[nodiscard]] double cpu_seconds() const;
  [[nodiscard]] double resident_kb() const;
  [[nodiscard]] std::size_t open_descriptors() const;

 private:
  ChildProcess process_;
  std::uint16_t port_ = 0;
  void stop_reading();
  std::atomic<bool> stop_{false};
  std::thread log_reader_;  // a full pipe would stop the relay
};

}  // namespace wzp::bench
