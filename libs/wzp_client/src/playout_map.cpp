#include "wzp/client/playout_map.hpp"

#include <string_view>

namespace wzp::client {
namespace {

std::string_view word(PlayoutOrigin origin) {
  switch (origin) {
    case PlayoutOrigin::kNothing:
      return "nothing";
    case PlayoutOrigin::kReceived:
      return "received";
    case PlayoutOrigin::kRecovered:
      return "recovered";
    case PlayoutOrigin::kConcealed:
      return "concealed";
    case PlayoutOrigin::kComfort:
      return "comfort";
  }
  return "nothing";
}

}  // namespace

std::string PlayoutMap::to_csv() const {
  std::string out = "tick,stream,origin\n";
  for (const Entry& e : entries_) {
    out += std::to_string(e.tick) + ',' + std::to_string(e.stream.value) + ',';
    out += word(e.origin);
    out += '\n';
  }
  return out;
}

}  // namespace wzp::client
