/// \file
/// Whom this user met before, whom they verified, and so who may hear them.
///
/// Kept in a text file, one identity per line (docs/security.md, "Known peers"):
///
///     identity (64 hex digits) SP new|accepted|verified SP first seen SP last seen SP alias
///
/// Times are seconds since 1970 and decide nothing: they are for people. The alias is the rest of
/// the line, with control characters, spaces at its ends and backslashes as \xHH.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wzp/crypto/e2e_peer_policy.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/file_error.hpp"
#include "wzp/crypto/keys.hpp"

namespace wzp::crypto {

enum class Trust : std::uint8_t {
  kNew,       ///< Seen, nothing more.
  kAccepted,  ///< May hear although it calls itself what a verified peer does.
  kVerified,  ///< The user compared its words.
};

struct KnownPeer {
  std::string alias;
  Trust trust = Trust::kNew;
  std::int64_t first_seen = 0;
  std::int64_t last_seen = 0;
};

/// What is worth telling the user about somebody who arrived.
enum class Sighting : std::uint8_t {
  kKnown,
  kNew,
  kAliasChanged,        ///< Known under another name.
  kVerifiedAliasTaken,  ///< Calls itself what a verified peer does, and is not that peer.
};

/// The identities one user knows. Single-threaded, copyable; a policy for RoomSession.
class WZP_CRYPTO_EXPORT KnownPeers final : public e2e::PeerPolicy {
 public:
  static constexpr std::size_t kMostPeers = 4096;  ///< Then the longest unseen one is forgotten.
  static constexpr std::size_t kMostFileBytes = 1 << 20;

  /// An absent file is an empty one. Errors: kFileNotPrivate, kFileMalformed, kFileError.
  [[nodiscard]] static FileResult<KnownPeers> load(const std::filesystem::path& path);
  /// kFileMalformed names the line.
  [[nodiscard]] static FileResult<KnownPeers> parse(std::string_view text);
  [[nodiscard]] std::string to_text() const;
  /// Replaces the file (0600) as a whole. Error: kFileError.
  [[nodiscard]] FileResult<void> save(const std::filesystem::path& path) const;

  /// Keys go to verified identities alone (--verified-only).
  void set_verified_only(bool on) noexcept { verified_only_ = on; }
  [[nodiscard]] bool verified_only() const noexcept { return verified_only_; }

  /// Somebody is here and calls itself `alias` (empty: nothing stated).
  Sighting note_seen(const IdentityKey& identity, std::string_view alias, std::int64_t seconds);
  /// The user decided. An identity that was never seen is added.
  void set_trust(const IdentityKey& identity, Trust trust);
  /// Null: never seen. Valid until the next change.
  [[nodiscard]] const KnownPeer* find(const IdentityKey& identity) const;
  [[nodiscard]] std::size_t size() const noexcept { return peers_.size(); }
  [[nodiscard]] std::vector<IdentityKey> identities() const;

  /// Not for an unverified identity if verified_only(), nor for one that calls itself what a
  /// verified peer does (ASCII case apart) unless the user accepted or verified it.
  [[nodiscard]] bool may_hear(const IdentityKey& identity, std::string_view alias) const override;

 private:
  [[nodiscard]] bool takes_verified_alias(const IdentityKey& identity,
                                          std::string_view alias) const;
  void forget_oldest();

  std::map<IdentityKey, KnownPeer> peers_;
  bool verified_only_ = false;
};

}  // namespace wzp::crypto
