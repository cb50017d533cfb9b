#include "svg.hpp"

#include <fmt/format.h>

namespace wzp::bench {
namespace {

std::string escaped(std::string_view words) {
  std::string out;
  for (const char c : words) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

Svg::Svg(int width, int height) : width_(width), height_(height) {}

void Svg::rectangle(double x, double y, double width, double height, std::string_view fill) {
  body_ += fmt::format(
      "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"/>\n", x, y,
      width, height, fill);
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view colour,
               double thickness) {
  body_ += fmt::format(
      "<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" stroke=\"{}\" "
      "stroke-width=\"{:.2f}\"/>\n",
      x1, y1, x2, y2, colour, thickness);
}

void Svg::polyline(const std::vector<std::pair<double, double>>& points, std::string_view colour,
                   double thickness) {
  body_ += "<polyline fill=\"none\" points=\"";
  for (const auto& [x, y] : points) body_ += fmt::format("{:.1f},{:.1f} ", x, y);
  body_ += fmt::format("\" stroke=\"{}\" stroke-width=\"{:.2f}\"/>\n", colour, thickness);
}

void Svg::text(double x, double y, std::string_view words, int size, std::string_view anchor,
               std::string_view colour) {
  body_ += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" text-anchor=\"{}\" fill=\"{}\">{}</text>\n",
      x, y, size, anchor, colour, escaped(words));
}

std::string Svg::finish() const {
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
             "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\">\n"
             "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
             width_, height_) +
         body_ + "</svg>\n";
}

}  // namespace wzp::bench
