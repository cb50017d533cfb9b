#include "wzp/fec/adaptive_ratio.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <limits>

namespace wzp::fec {
namespace {

using Catch::Approx;
using std::chrono::seconds;

constexpr Instant kStart{seconds(100)};

TEST_CASE("residual loss is that of a code that needs any K symbols") {
  CHECK(residual_loss(5, 1, 0.1) == Approx(0.1 * (1 - 0.59049)));
  CHECK(residual_loss(5, 0, 0.1) == Approx(0.1));
  CHECK(residual_loss(10, 5, 0.1) == Approx(0.0009).margin(0.0005));
  CHECK(residual_loss(8, 8, 0.3) == Approx(0.0152).margin(0.002));
  CHECK(residual_loss(5, 1, 0.0) == 0.0);
  CHECK(residual_loss(5, 1, 1.0) == 1.0);
  CHECK(residual_loss(5, 1, -3.0) == 0.0);
  CHECK(residual_loss(5, 1, std::numeric_limits<double>::quiet_NaN()) == 0.0);
}

TEST_CASE("residual loss falls with redundancy and grows with loss") {
  for (std::size_t repair = 1; repair < 20; ++repair) {
    for (double loss = 0.05; loss < 1.0; loss += 0.05) {
      constexpr double kRounding = 1e-12;
      const double residual = residual_loss(10, repair, loss);
      CHECK(residual <= residual_loss(10, repair - 1, loss) + kRounding);
      CHECK(residual >= residual_loss(10, repair, loss - 0.05) - kRounding);
      CHECK(residual_loss(10, repair, loss) <= loss);
    }
  }
}

TEST_CASE("the ratio rises at once to what the loss calls for and stays within its limits") {
  AdaptiveRatio control({.target_residual = 0.01, .max_ratio = 1.0F});
  CHECK(control.update(0.0, 10, kStart) == 0.0F);
  const float at_ten = control.update(0.1, 10, kStart + seconds(1));
  CHECK(at_ten > 0.2F);
  CHECK(at_ten <= 0.5F);
  CHECK(residual_loss(10, repair_symbols_for(10, at_ten), 0.1) <= 0.01);
  CHECK(residual_loss(10, repair_symbols_for(10, at_ten) - 1, 0.1) > 0.01);
  CHECK(control.update(0.9, 10, kStart + seconds(2)) == 1.0F);
  CHECK(control.ratio() == 1.0F);
}

TEST_CASE("the ratio falls one symbol at a time after it has not been needed for a while") {
  AdaptiveRatio control({.hold = seconds(5)});
  const float high = control.update(0.2, 10, kStart);
  for (int s = 1; s < 5; ++s) CHECK(control.update(0.0, 10, kStart + seconds(s)) == high);
  const float lower = control.update(0.0, 10, kStart + seconds(5));
  CHECK(repair_symbols_for(10, lower) == repair_symbols_for(10, high) - 1);
  CHECK(control.update(0.0, 10, kStart + seconds(9)) == lower);
  CHECK(control.update(0.2, 10, kStart + seconds(9)) == high);
  // The hold starts anew.
  CHECK(control.update(0.0, 10, kStart + seconds(11)) == high);
  for (int s = 12; s < 200; ++s) control.update(0.0, 10, kStart + seconds(s));
  CHECK(control.ratio() == 0.0F);
}

}  // namespace
}  // namespace wzp::fec
