// Between a JSON tree and a signal; shared by signals on their own and inside other texts.
#pragma once

#include <optional>
#include <string>

#include "json_value.hpp"
#include "signal_reader.hpp"
#include "wzp/proto/signal.hpp"

namespace wzp::proto {

inline constexpr json::Limits kSignalLimits{kMaxSignalDepth, kMaxSignalValues, kMaxObjectMembers};

/// `text` is what an UnknownSignal keeps.
[[nodiscard]] Result<Signal> signal_from_tree(const json::Value& root, std::string_view text,
                                              std::string* detail);

}  // namespace wzp::proto
