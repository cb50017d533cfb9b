#include "relay_process.hpp"

#include <sched.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace wzp::bench {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> command(std::vector<std::string> flags) {
  const fs::path own = fs::read_symlink("/proc/self/exe");
  flags.insert(flags.begin(),
               {(own.parent_path() / "wzp-relay").string(), "--listen", "127.0.0.1:0"});
  return flags;
}

fs::path proc(const ChildProcess& process) {
  return fs::path("/proc") / std::to_string(process.pid());
}

}  // namespace

RelayProcess::RelayProcess(std::vector<std::string> flags) : process_(command(std::move(flags))) {
  const auto line = process_.wait_for_line("listening on 127.0.0.1:", std::chrono::seconds(10));
  if (!line) throw std::runtime_error("the relay did not start; it printed:\n" + process_.output());
  const std::size_t at = line->find("127.0.0.1:") + 10;
  std::from_chars(line->data() + at, line->data() + line->size(), port_);
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(0, &cpu);
  ::sched_setaffinity(process_.pid(), sizeof cpu, &cpu);
  log_reader_ = std::thread([this] {
    while (!stop_) static_cast<void>(process_.read_some(std::chrono::milliseconds(100)));
  });
}

RelayProcess::~RelayProcess() { stop_reading(); }

void RelayProcess::stop_reading() {
  stop_ = true;
  if (log_reader_.joinable()) log_reader_.join();
}

std::optional<int> RelayProcess::terminate() {
  stop_reading();
  process_.terminate();
  return process_.wait_for_exit(std::chrono::seconds(10));
}

double RelayProcess::cpu_seconds() const {
  double nanoseconds = 0;
  for (const auto& thread : fs::directory_iterator(proc(process_) / "task")) {
    std::ifstream file(thread.path() / "schedstat");
    double one = 0;
    if (file >> one) nanoseconds += one;
  }
  return nanoseconds * 1e-9;
}

double RelayProcess::resident_kb() const {
  std::ifstream file(proc(process_) / "statm");
  long pages = 0;
  file >> pages >> pages;
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

std::size_t RelayProcess::open_descriptors() const {
  const fs::directory_iterator all(proc(process_) / "fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace wzp::bench
