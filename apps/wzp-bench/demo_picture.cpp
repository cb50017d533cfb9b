#include "demo_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "svg.hpp"

namespace wzp::bench {
namespace {

constexpr int kWidth = 1200;
constexpr int kLeft = 90;
constexpr int kRight = 20;
constexpr double kSpan = kWidth - kLeft - kRight;
constexpr std::size_t kSamplesPerTick = 960;

using client::PlayoutOrigin;

const char* colour(PlayoutOrigin origin) {
  switch (origin) {
    case PlayoutOrigin::kReceived:
      return "#b7dfc3";
    case PlayoutOrigin::kRecovered:
      return "#f39c12";
    case PlayoutOrigin::kConcealed:
      return "#c0392b";
    case PlayoutOrigin::kComfort:
      return "#85c1e9";
    case PlayoutOrigin::kNothing:
      break;
  }
  return "#eeeeee";
}

/// One column of pixels per step: from the lowest to the highest sample in it.
void draw_waveform(Svg& svg, std::span<const std::int16_t> samples, std::ptrdiff_t from,
                   std::size_t count, double middle, double height, const char* paint) {
  for (int x = 0; x < static_cast<int>(kSpan); ++x) {
    const auto at = [&](int column) {
      return from + static_cast<std::ptrdiff_t>(static_cast<double>(count) * column / kSpan);
    };
    std::int16_t low = 0;
    std::int16_t high = 0;
    for (std::ptrdiff_t i = std::max<std::ptrdiff_t>(at(x), 0);
         i < std::min(at(x + 1), static_cast<std::ptrdiff_t>(samples.size())); ++i) {
      low = std::min(low, samples[static_cast<std::size_t>(i)]);
      high = std::max(high, samples[static_cast<std::size_t>(i)]);
    }
    const auto y = [&](int value) { return middle - value / 32768.0 * height / 2; };
    svg.line(kLeft + x, y(high), kLeft + x, y(low) + 0.5, paint);
  }
}

void draw_strip(Svg& svg, const DemoPicture& p, std::size_t ticks, double top, double height) {
  const auto first = p.lag / static_cast<std::ptrdiff_t>(kSamplesPerTick);
  const double step = kSpan / static_cast<double>(ticks);
  for (std::size_t i = 0; i < ticks; ++i) {
    const auto tick = static_cast<std::ptrdiff_t>(i) + first;
    const bool inside = tick >= 0 && tick < static_cast<std::ptrdiff_t>(p.origins.size());
    const PlayoutOrigin origin =
        inside ? p.origins[static_cast<std::size_t>(tick)] : PlayoutOrigin::kNothing;
    svg.rectangle(kLeft + static_cast<double>(i) * step, top, step + 0.05, height, colour(origin));
  }
}

void draw_legend(Svg& svg, double y) {
  const std::pair<PlayoutOrigin, const char*> entries[] = {
      {PlayoutOrigin::kReceived, "arrived"},
      {PlayoutOrigin::kRecovered, "lost, rebuilt by forward error correction"},
      {PlayoutOrigin::kConcealed, "lost, concealed"},
      {PlayoutOrigin::kComfort, "sender silent"}};
  double x = kLeft;
  for (const auto& [origin, words] : entries) {
    svg.rectangle(x, y - 10, 14, 12, colour(origin));
    svg.text(x + 20, y, words);
    x += 50 + 6.5 * static_cast<double>(std::string_view(words).size());
  }
}

}  // namespace

std::string DemoPicture::to_svg() const {
  Svg svg(kWidth, 430);
  svg.text(kLeft, 28, title, 16);
  const std::size_t count = sent.size();
  const std::size_t ticks = std::max<std::size_t>(count / kSamplesPerTick, 1);
  svg.text(10, 110, "sent", 13);
  draw_waveform(svg, sent, 0, count, 105, 120, "#34495e");
  svg.text(10, 250, "heard", 13);
  draw_waveform(svg, received, lag, count, 245, 120, "#1e8449");
  svg.text(10, 342, "each 20 ms", 13);
  draw_strip(svg, *this, ticks, 320, 34);
  const double seconds = static_cast<double>(count) / 48000.0;
  for (int s = 0; s <= static_cast<int>(seconds); s += 2) {
    const double x = kLeft + kSpan * s / seconds;
    svg.line(x, 356, x, 361, "#888");
    svg.text(x, 374, fmt::format("{} s", s), 11, "middle", "#666");
  }
  draw_legend(svg, 405);
  return svg.finish();
}

}  // namespace wzp::bench
