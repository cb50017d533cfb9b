#include "demo_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "../command_line.hpp"
#include "child_process.hpp"
#include "demo_picture.hpp"
#include "speech.hpp"
#include "wzp/client/audio_file.hpp"
#include "wzp/codec/alignment.hpp"

namespace wzp::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct DemoOptions {
  std::string out = "demo";
  std::string profile = "auto";
  double loss = 0.10;
  double jitter_ms = 30;
  double delay_ms = 20;
  std::uint64_t seed = 1;
};

/// The recording must hold at least this share of the spoken seconds, each this similar.
constexpr double kMinShareFound = 0.8;
constexpr double kFoundCorrelation = 0.4;
constexpr double kMinContourCorrelation = 0.7;

struct Measured {
  nlohmann::json a;
  nlohmann::json b;
  std::string proxy_up;
  codec::Alignment contour;  ///< By loudness, for every codec.
  double share_found = 0;    ///< By waveform.
  double median_correlation = 0;
  double mouth_to_ear_ms = 0;
};

[[noreturn]] void give_up(std::string_view what, const ChildProcess& child) {
  throw std::runtime_error(fmt::format("{}; it printed:\n{}", what, child.output()));
}

/// What follows `word` in a line, up to a space.
std::string word_after(const std::string& line, const std::string& word) {
  const std::size_t start = line.find(word) + word.size();
  return line.substr(start, line.find(' ', start) - start);
}

class Demo {
 public:
  explicit Demo(const DemoOptions& options)
      : options_(options),
        programs_(fs::read_symlink("/proc/self/exe").parent_path()),
        out_(options.out) {}

  int run() {
    fs::create_directories(out_);
    sent_ = recorded_speech();
    must(client::save_audio_file(out_ / "sent.wav", sent_));
    fmt::print("calling for {:.0f} s ...\n", static_cast<double>(sent_.size()) / 48000.0);
    std::fflush(stdout);
    const Measured m = measure();
    draw();
    print(m);
    return verdict(m);
  }

 private:
  static void must(const Expected<void, client::AudioFileError>& done) {
    if (!done) throw std::runtime_error(done.error().message);
  }

  [[nodiscard]] std::string program(const char* name) const { return (programs_ / name).string(); }
  [[nodiscard]] std::string file(const char* name) const { return (out_ / name).string(); }

  Measured measure() {
    call();
    Measured m;
    m.a = read_json("sender.json");
    m.b = read_json("receiver.json");
    m.proxy_up = proxy_up_;
    compare(m);
    return m;
  }

  /// Relay, proxy, listener B, speaker A: real processes on loopback.
  void call() {
    ChildProcess relay({program("wzp-relay"), "--listen", "127.0.0.1:0"});
    const auto listening = relay.wait_for_line("listening on ", 10s);
    if (!listening) give_up("the relay did not start", relay);
    ChildProcess proxy(
        {program("wzp-bench"), "impair", "--to", word_after(*listening, "listening on "), "--seed",
         std::to_string(options_.seed), "--loss", std::to_string(options_.loss), "--jitter-ms",
         std::to_string(options_.jitter_ms), "--delay-ms", std::to_string(options_.delay_ms),
         "--down-delay-ms", std::to_string(options_.delay_ms)});
    const auto impairing = proxy.wait_for_line("impairing on ", 10s);
    if (!impairing) give_up("the proxy did not start", proxy);
    const std::string address = word_after(*impairing, "impairing on ");
    ChildProcess b({program("wzp-client"), address, "--room", "demo", "--record",
                    file("received.wav"), "--stats-json", file("receiver.json"), "--playout-map",
                    file("playout.csv")});
    if (!b.wait_for_line("in the room", 10s)) give_up("B did not get into the room", b);
    ChildProcess a({program("wzp-client"), address, "--room", "demo", "--send-file",
                    file("sent.wav"), "--profile", options_.profile, "--stats-json",
                    file("sender.json")});
    const auto length = std::chrono::milliseconds(sent_.size() / 48);
    if (a.wait_for_exit(length + 20s) != 0) give_up("A failed", a);
    if (!b.wait_for_line("heard all of stream", 10s)) give_up("B never saw A leave", b);
    b.interrupt();
    if (b.wait_for_exit(10s) != 0) give_up("B failed", b);
    proxy.terminate();
    if (proxy.wait_for_exit(5s) != 0) give_up("the proxy failed", proxy);
    proxy_up_ = proxy.wait_for_line("up: ", 1s).value_or("");
    relay.terminate();
    if (relay.wait_for_exit(5s) != 0) give_up("the relay failed", relay);
  }

  nlohmann::json read_json(const char* name) const {
    std::ifstream in(file(name));
    return nlohmann::json::parse(in);
  }

  void compare(Measured& m) {
    auto received = client::load_audio_file(file("received.wav"));
    if (!received) throw std::runtime_error(received.error().message);
    received_ = std::move(*received);
    // B was there first: the speech is found later in its recording, by at most all of the rest.
    const auto longest = static_cast<std::ptrdiff_t>(received_.size()) -
                         static_cast<std::ptrdiff_t>(sent_.size() / 2);
    m.contour = codec::align_envelopes(sent_, received_, 0, std::max<std::ptrdiff_t>(longest, 0));
    const codec::Alignment exact =
        codec::align(sent_, received_, m.contour.lag - 2400, m.contour.lag + 2400);
    lag_ = exact.correlation > kFoundCorrelation ? exact.lag : m.contour.lag;
    const auto segments = codec::match_segments(sent_, received_, 48000, lag_, 4800);
    std::vector<double> correlations;
    correlations.reserve(segments.size());
    for (const auto& s : segments) correlations.push_back(s.found.correlation);
    std::sort(correlations.begin(), correlations.end());
    if (!correlations.empty()) {
      const auto good = std::count_if(correlations.begin(), correlations.end(),
                                      [](double c) { return c > kFoundCorrelation; });
      m.share_found = static_cast<double>(good) / static_cast<double>(correlations.size());
      m.median_correlation = correlations[correlations.size() / 2];
    }
    m.mouth_to_ear_ms = m.b.at("playout_started_ms").get<double>() +
                        static_cast<double>(lag_) / 48.0 + 20.0 -
                        m.a.at("capture_started_ms").get<double>();
  }

  [[nodiscard]] std::vector<client::PlayoutOrigin> origins() const {
    static const std::map<std::string, client::PlayoutOrigin> words{
        {"received", client::PlayoutOrigin::kReceived},
        {"recovered", client::PlayoutOrigin::kRecovered},
        {"concealed", client::PlayoutOrigin::kConcealed},
        {"comfort", client::PlayoutOrigin::kComfort}};
    std::vector<client::PlayoutOrigin> out(received_.size() / 960 + 1);
    std::ifstream in(file("playout.csv"));
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      const std::size_t tick = std::stoul(line);
      const auto found = words.find(line.substr(line.rfind(',') + 1));
      if (tick < out.size() && found != words.end()) out[tick] = found->second;
    }
    return out;
  }

  void draw() {
    DemoPicture picture{
        fmt::format("A to B, profile {}: {:.0f} % of packets lost, {:.0f} ms jitter",
                    options_.profile, options_.loss * 100, options_.jitter_ms),
        sent_, received_, lag_, origins()};
    std::ofstream(file("picture.svg")) << picture.to_svg();
    try {
      ChildProcess png({"/usr/bin/rsvg-convert", "-o", file("picture.png"), file("picture.svg")});
      has_png_ = png.wait_for_exit(20s) == 0;
    } catch (const std::system_error&) {
      has_png_ = false;  // the SVG is there all the same
    }
  }

  void print(const Measured& m) const {
    const auto n = [](const nlohmann::json& j, const char* key) { return j.at(key).get<double>(); };
    const double sent = n(m.a, "frames_sent");
    const auto row = [sent](const char* words, double value) {
      fmt::print("  {:<34}{:>8.0f}{:>9.1f} %\n", words, value, sent > 0 ? 100 * value / sent : 0);
    };
    fmt::print("\nA to B, frames of 20 ms\n");
    row("sent by A", sent);
    row("arrived in time at B", n(m.b, "frames_received"));
    row("recovered by FEC", n(m.b, "frames_recovered"));
    row("concealed", n(m.b, "frames_concealed"));
    row("  of these arrived too late", n(m.b, "frames_late"));
    row("lost on the way", sent - n(m.b, "frames_received") - n(m.b, "frames_late"));
    row("played by B", n(m.b, "frames_played"));
    fmt::print("\n  {:<34}{:>8.0f} ms\n", "one-way delay, capture to playout", m.mouth_to_ear_ms);
    fmt::print("  {:<34}{:>8.0f} ms (p95 {:.0f})\n", "of which in B's buffer (p50)",
               n(m.b, "delay_ms_p50"), n(m.b, "delay_ms_p95"));
    fmt::print("  {:<34}{:>8.1f} kbit/s\n", "A to relay, on the wire", n(m.a, "wire_kbps_tx"));
    fmt::print("  {:<34}{:>8.1f} kbit/s\n", "relay to A", n(m.a, "wire_kbps_rx"));
    fmt::print("  {:<34}{:>8.1f} kbit/s\n", "B to relay", n(m.b, "wire_kbps_tx"));
    fmt::print("  {:<34}{:>8.1f} kbit/s\n", "relay to B", n(m.b, "wire_kbps_rx"));
    fmt::print("  network, clients to relay: {}\n", m.proxy_up);
    fmt::print(
        "\n  spoken seconds found in B's recording {:.0f} %, median correlation {:.2f}, "
        "loudness contour {:.2f}\n",
        100 * m.share_found, m.median_correlation, m.contour.correlation);
    fmt::print("\nlisten:  {}  {}\nlook at: {}\n", file("sent.wav"), file("received.wav"),
               file(has_png_ ? "picture.png" : "picture.svg"));
  }

  [[nodiscard]] int verdict(const Measured& m) const {
    // Codec2 keeps the sound but not the waveform: there only the loudness contour can be found.
    const bool parametric = options_.profile == "catastrophic";
    const bool found = m.contour.correlation >= kMinContourCorrelation &&
                       (parametric || m.share_found >= kMinShareFound);
    if (!found) return apps::fail("wzp-bench", "B's recording does not contain the speech");
    fmt::print("\nB heard the speech.\n");
    return 0;
  }

  DemoOptions options_;
  fs::path programs_;
  fs::path out_;
  std::vector<std::int16_t> sent_;
  std::vector<std::int16_t> received_;
  std::ptrdiff_t lag_ = 0;
  std::string proxy_up_;
  bool has_png_ = false;
};

int run(const DemoOptions& options) {
  try {
    return Demo(options).run();
  } catch (const std::exception& e) {
    return apps::fail("wzp-bench", e.what());
  }
}

}  // namespace

void add_demo_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DemoOptions>();
  CLI::App* command =
      app.add_subcommand("demo", "A call over a bad network: recordings, table and picture");
  command->add_option("--out", options->out, "Folder for the results")->capture_default_str();
  command->add_option("--profile", options->profile)
      ->check(CLI::IsMember({"auto", "good", "degraded", "catastrophic"}))
      ->capture_default_str();
  command->add_option("--loss", options->loss, "Share of packets lost on the way to the relay")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--jitter-ms", options->jitter_ms)->capture_default_str();
  command->add_option("--delay-ms", options->delay_ms, "Each way")->capture_default_str();
  command->add_option("--seed", options->seed)->capture_default_str();
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace wzp::bench
