// bench-fec: time per block against the targets, one line per job and kernel; JSON lines are
// appended to benchmarks/results/fec.jsonl.
//
//   bench-fec                      all jobs
//   bench-fec --count JOB N        runs a job N times with the AVX2 kernel or the fastest below it,
//                                  for counting instructions with callgrind
//   bench-fec --residual [SVG]     residual loss and delay of the profiles, plot in
//                                  docs/fec-residual-loss.svg
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "block_jobs.hpp"
#include "residual_plot.hpp"

namespace wzp::fec::bench {
namespace {

struct Target {
  Job job;
  double avx2_us;  // 0: none
  double gfni512_us;
};

const Target kTargets[] = {
    {{"encode K=5 R=3", 5, 3, false}, 0, 0},
    {{"encode K=10 R=5", 10, 5, false}, 0.48, 0.24},
    {{"encode K=64 R=32", 64, 32, false}, 15, 6.5},
    {{"encode K=256 R=128", 256, 128, false}, 0, 0},
    {{"encode K=1000 R=500", 1000, 500, false}, 340, 340},
    {{"encode K=10000 R=5000", 10000, 5000, false}, 4800, 4800},
    {{"decode K=5 lost=2", 5, 2, true}, 0, 0},
    {{"decode K=10 lost=3", 10, 3, true}, 0.65, 0.40},
    {{"decode K=64 lost=20", 64, 20, true}, 0, 0},
    {{"decode K=256 lost=77", 256, 77, true}, 260, 140},
    {{"decode K=1000 lost=50", 1000, 50, true}, 0, 0},
    {{"decode K=1000 lost=300", 1000, 300, true}, 0, 0},
    {{"decode K=10000 lost=1000", 10000, 1000, true}, 0, 0},
};

struct Quantiles {
  double p10 = 0, median = 0, p90 = 0;
};

// CPU time of this thread, in which other programs on the machine do not count. On an idle machine
// it is the time that passes.
double cpu_microseconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

double microseconds_of(BlockJob& job, std::size_t blocks) {
  const double start = cpu_microseconds();
  for (std::size_t i = 0; i < blocks; ++i) job.run();
  return (cpu_microseconds() - start) / static_cast<double>(blocks);
}

// Short runs of the kernels in turn, so that a disturbance hits all of them.
std::vector<Quantiles> measure(std::vector<BlockJob>& jobs) {
  constexpr std::size_t kRuns = 101;
  constexpr double kRunMicroseconds = 200;
  std::vector<std::vector<double>> samples(jobs.size());
  std::vector<std::size_t> blocks;
  for (BlockJob& job : jobs) {
    job.run();
    const double once = std::min(microseconds_of(job, 1), microseconds_of(job, 1));
    blocks.push_back(std::max<std::size_t>(1, static_cast<std::size_t>(kRunMicroseconds / once)));
  }
  const double deadline = cpu_microseconds() + 3e6;
  for (std::size_t run = 0; run < kRuns; ++run) {
    for (std::size_t j = 0; j < jobs.size(); ++j) {
      samples[j].push_back(microseconds_of(jobs[j], blocks[j]));
    }
    if (run >= 4 && cpu_microseconds() > deadline) break;
  }
  std::vector<Quantiles> out;
  for (auto& s : samples) {
    std::sort(s.begin(), s.end());
    out.push_back({s[s.size() / 10], s[s.size() / 2], s[s.size() * 9 / 10]});
  }
  return out;
}

std::string first_line_of(const char* command) {
  std::string line;
  if (FILE* pipe = popen(command, "r"); pipe != nullptr) {
    char buffer[256];
    if (std::fgets(buffer, sizeof buffer, pipe) != nullptr) line = buffer;
    pclose(pipe);
  }
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

std::string environment_json() {
  const char* given = std::getenv("WZP_COMMIT");
  const std::string commit =
      given != nullptr ? given : first_line_of("git rev-parse --short HEAD 2>/dev/null");
  const std::string cpu =
      first_line_of("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null");
  return R"("machine":")" + cpu + R"(","compiler":")" + __VERSION__ + R"(","flags":")" +
         WZP_BENCH_FLAGS + R"(","commit":")" + commit + "\"";
}

double target_of(const Target& t, KernelId kernel) {
  if (kernel == KernelId::kAvx2) return t.avx2_us;
  return kernel == KernelId::kGfni512 ? t.gfni512_us : 0;
}

constexpr const char* kResults = "benchmarks/results/fec.jsonl";

bool run_all() {
  std::ofstream json(kResults, std::ios::app);
  const std::string environment = environment_json();
  bool right = true;
  bool met = true;
  std::printf("%-26s %-8s %12s %12s %12s %12s\n", "job (T = 256 bytes)", "kernel", "median us",
              "p10 us", "p90 us", "target us");
  for (const Target& t : kTargets) {
    std::vector<BlockJob> jobs;
    for (const KernelId kernel : available_kernels()) jobs.emplace_back(t.job, kernel);
    const std::vector<Quantiles> times = measure(jobs);
    for (std::size_t j = 0; j < jobs.size(); ++j) {
      const KernelId kernel = available_kernels()[j];
      const double target = target_of(t, kernel);
      right = right && jobs[j].check();
      const bool missed = target > 0 && times[j].median > target;
      met = met && !missed;
      char target_text[32] = "";
      if (target > 0) std::snprintf(target_text, sizeof target_text, "%.2f", target);
      std::printf("%-26s %-8s %12.3f %12.3f %12.3f %12s%s%s\n", t.job.name.c_str(),
                  std::string(to_string(kernel)).c_str(), times[j].median, times[j].p10,
                  times[j].p90, target_text, missed ? "  missed" : "",
                  jobs[j].check() ? "" : "  WRONG BYTES");
      json << R"({"bench":"fec","job":")" << t.job.name << R"(","kernel":")" << to_string(kernel)
           << R"(","median_us":)" << times[j].median << ",\"p10_us\":" << times[j].p10
           << ",\"p90_us\":" << times[j].p90 << ",\"target_us\":" << target << ',' << environment
           << "}\n";
    }
  }
  std::printf("%s\n", met ? "all targets met" : "some targets missed");
  return right;
}

KernelId kernel_for_counting() {
  KernelId best = KernelId::kScalar;
  for (const KernelId id : available_kernels()) {
    if (id == KernelId::kSsse3 || id == KernelId::kAvx2) best = id;
  }
  return best;
}

bool count(const std::string& name, long blocks) {
  for (const Target& t : kTargets) {
    if (t.job.name != name) continue;
    BlockJob job(t.job, kernel_for_counting());
    job.run();
    for (long i = 0; i < blocks; ++i) job.run();
    std::printf("%s, kernel %s, %ld blocks\n", name.c_str(),
                std::string(to_string(kernel_for_counting())).c_str(), blocks + 1);
    return job.check();
  }
  std::fprintf(stderr, "no job '%s'\n", name.c_str());
  return false;
}

bool run(const std::vector<std::string>& args) {
  if (args.empty()) return run_all();
  if (args[0] == "--count" && args.size() == 3) return count(args[1], std::atol(args[2].c_str()));
  if (args[0] == "--residual" && args.size() <= 2) {
    const std::string svg = args.size() == 2 ? args[1] : "docs/fec-residual-loss.svg";
    return plot_residual_loss(svg, kResults, environment_json());
  }
  std::fprintf(stderr, "usage: bench-fec [--count JOB N | --residual [SVG]]\n");
  return false;
}

}  // namespace
}  // namespace wzp::fec::bench

int main(int argc, char** argv) { return wzp::fec::bench::run({argv + 1, argv + argc}) ? 0 : 1; }
