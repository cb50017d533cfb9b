/// \file
/// Just enough SVG to draw measurements.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wzp::bench {

/// A picture being drawn, in pixels from the top left corner. Colours are CSS colours.
class Svg {
 public:
  Svg(int width, int height);

  void rectangle(double x, double y, double width, double height, std::string_view fill);
  void line(double x1, double y1, double x2, double y2, std::string_view colour,
            double thickness = 1.0);
  void polyline(const std::vector<std::pair<double, double>>& points, std::string_view colour,
                double thickness = 1.5);
  /// `anchor` is start, middle or end.
  void text(double x, double y, std::string_view words, int size = 12,
            std::string_view anchor = "start", std::string_view colour = "#333");

  /// The whole document.
  [[nodiscard]] std::string finish() const;

 private:
  int width_;
  int height_;
  std::string body_;
};

}  // namespace wzp::bench
