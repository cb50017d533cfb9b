/// \file
/// Names of what a peer can do beyond the reference protocol, as they appear in CallOffer,
/// CallAnswer, RoomUpdate and Hello. Meaning of each: docs/wire/signals.md, "Features".
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/proto/export.hpp"

namespace wzp::proto {

/// Features this library knows. More will come: handle the default case.
enum class Feature : std::uint8_t {
  kStreamId = 0,    ///< "stream-id": rooms are announced, media comes in trunk entries.
  kE2e1 = 1,        ///< "e2e/1": end-to-end encryption; in an answer: the relay carries it.
  kMedia2 = 2,      ///< "media/2": packets with in-packet redundancy and a short header.
  kMini = 3,        ///< "mini": headers of up to 5 bytes on this hop.
  kFecSymsize = 4,  ///< "fec-symsize": FEC symbols sized to the block instead of 256 bytes.
  kStatus2 = 5,     ///< "status/2": typed Status instead of Health text.
  kSendTo = 6,      ///< "send-to": datagrams and signals addressed by fingerprint.
};

struct FeatureName {
  Feature feature;
  std::string_view name;
};

inline constexpr FeatureName kFeatureNames[] = {
    {Feature::kStreamId, "stream-id"},     {Feature::kE2e1, "e2e/1"},
    {Feature::kMedia2, "media/2"},         {Feature::kMini, "mini"},
    {Feature::kFecSymsize, "fec-symsize"}, {Feature::kStatus2, "status/2"},
    {Feature::kSendTo, "send-to"},
};

[[nodiscard]] constexpr std::string_view name(Feature feature) noexcept {
  return kFeatureNames[static_cast<std::uint8_t>(feature)].name;
}

/// A set of known features; names it does not know are not kept. A small value.
class WZP_PROTO_EXPORT FeatureSet {
 public:
  constexpr FeatureSet() = default;
  constexpr FeatureSet(std::initializer_list<Feature> features) noexcept {
    for (const Feature f : features) add(f);
  }
  /// The known ones among a signal's list of names.
  [[nodiscard]] static FeatureSet from_names(std::span<const std::string> names) noexcept;
  /// The known ones of a text of names separated by single spaces (as in a Hello).
  [[nodiscard]] static FeatureSet from_text(std::string_view text) noexcept;

  constexpr void add(Feature feature) noexcept { bits_ |= bit(feature); }
  constexpr void remove(Feature feature) noexcept { bits_ &= ~bit(feature); }
  [[nodiscard]] constexpr bool contains(Feature feature) const noexcept {
    return (bits_ & bit(feature)) != 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  bool operator==(const FeatureSet&) const = default;
  /// What both sides have.
  [[nodiscard]] friend constexpr FeatureSet operator&(FeatureSet a, FeatureSet b) noexcept {
    a.bits_ &= b.bits_;
    return a;
  }

  /// In the order of kFeatureNames.
  [[nodiscard]] std::vector<std::string> to_names() const;
  /// The same separated by single spaces.
  [[nodiscard]] std::string to_text() const;

 private:
  static constexpr std::uint32_t bit(Feature feature) noexcept {
    return 1U << static_cast<std::uint8_t>(feature);
  }
  void add_name(std::string_view name) noexcept;

  std::uint32_t bits_ = 0;
};

}  // namespace wzp::proto
