#include "wzp/proto/features.hpp"

namespace wzp::proto {

void FeatureSet::add_name(std::string_view name) noexcept {
  for (const FeatureName& known : kFeatureNames) {
    if (known.name == name) add(known.feature);
  }
}

FeatureSet FeatureSet::from_names(std::span<const std::string> names) noexcept {
  FeatureSet set;
  for (const std::string& name : names) set.add_name(name);
  return set;
}

FeatureSet FeatureSet::from_text(std::string_view text) noexcept {
  FeatureSet set;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    set.add_name(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return set;
}

std::vector<std::string> FeatureSet::to_names() const {
  std::vector<std::string> names;
  for (const FeatureName& known : kFeatureNames) {
    if (contains(known.feature)) names.emplace_back(known.name);
  }
  return names;
}

std::string FeatureSet::to_text() const {
  std::string text;
  for (const FeatureName& known : kFeatureNames) {
    if (!contains(known.feature)) continue;
    if (!text.empty()) text += ' ';
    text += known.name;
  }
  return text;
}

}  // namespace wzp::proto
