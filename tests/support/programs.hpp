/// \file
/// The programs as tests start them, and a folder for what they write.
#pragma once

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <filesystem>
#include <string>

#include "child_process.hpp"

namespace wzp::test {

inline std::string program(const char* name) { return std::string(WZP_PROGRAMS_DIR) + "/" + name; }

/// A folder of this process' own, removed at its end.
struct Scratch {
  Scratch()
      : path(std::filesystem::temp_directory_path() /
             ("wzp-programs-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~Scratch() { std::filesystem::remove_all(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return (path / name).string(); }
  std::filesystem::path path;
};

/// The address in a relay's line "listening on ADDRESS ...".
inline std::string address_in(const std::string& line) {
  const std::string word = "listening on ";
  const std::size_t start = line.find(word) + word.size();
  return line.substr(start, line.find(' ', start) - start);
}

struct RunningRelay {
  explicit RunningRelay(const std::string& listen = "127.0.0.1:0",
                        const std::string& identity_file = {})
      : process({program("wzp-relay"), "--listen", listen, "--identity-file", identity_file}) {
    const auto line = process.wait_for_line("listening on ", std::chrono::seconds(10));
    REQUIRE(line);
    address = address_in(*line);
  }
  bench::ChildProcess process;
  std::string address;
};

}  // namespace wzp::test
