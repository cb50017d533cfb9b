/// \file
/// Time as an argument. Nothing below wzp_transport reads a clock: each call that needs the time is
/// given it, so that every component also runs in simulated time.
#pragma once

#include <chrono>

namespace wzp {

/// A point on a clock that never goes back. Which clock it is, is the driver's choice:
/// std::chrono::steady_clock in programs, a counter in simulations.
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

/// "No deadline": later than every deadline.
inline constexpr Instant kNever = Instant::max();

}  // namespace wzp
