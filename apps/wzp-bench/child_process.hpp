/// \file
/// A program started by another: its output read line by line, its end awaited with a deadline.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace wzp::bench {

/// Owns one child process. The destructor kills it if it still runs. Errors while starting throw
/// std::system_error. One thread.
class ChildProcess {
 public:
  /// Starts `arguments[0]` with the rest as its arguments, standard output and error piped here.
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Reads output until a line contains `text`; that line, or nothing at the deadline or when the
  /// output ends.
  std::optional<std::string> wait_for_line(std::string_view text, std::chrono::milliseconds limit);

  /// Takes some output, waiting for it at most so long. False if there was none.
  bool read_some(std::chrono::milliseconds limit);

  /// Asks the program to end (SIGINT, as Ctrl-C does).
  void interrupt();
  void terminate();
  void hang_up();  ///< SIGHUP: read the settings again.

  /// The exit code (128 + signal if killed by one), or nothing if it still runs after the limit.
  std::optional<int> wait_for_exit(std::chrono::milliseconds limit);

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Everything printed so far.
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
  std::string output_;
  std::optional<int> exit_code_;
};

}  // namespace wzp::bench
