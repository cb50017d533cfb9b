/// \file
/// Which identity each relay showed, so that a change is noticed.
///
/// Kept in a text file, one relay per line: address SP identity (64 hex digits).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "wzp/crypto/export.hpp"
#include "wzp/crypto/file_error.hpp"
#include "wzp/crypto/keys.hpp"

namespace wzp::crypto {

/// Single-threaded, copyable.
class WZP_CRYPTO_EXPORT KnownRelays {
 public:
  static constexpr std::size_t kMostRelays = 1024;

  /// An absent file is an empty one. Errors: kFileNotPrivate, kFileMalformed, kFileError.
  [[nodiscard]] static FileResult<KnownRelays> load(const std::filesystem::path& path);
  [[nodiscard]] static FileResult<KnownRelays> parse(std::string_view text);
  [[nodiscard]] std::string to_text() const;
  /// Replaces the file (0600) as a whole. Error: kFileError.
  [[nodiscard]] FileResult<void> save(const std::filesystem::path& path) const;

  enum class Seen : std::uint8_t {
    kNew,
    kSame,
    kChanged,  ///< Another identity than last time: a new relay there, or somebody in the path.
  };
  /// A relay at `address` (as the user wrote it, without spaces) proved to be `identity`, which is
  /// remembered. Beyond kMostRelays new ones are not.
  Seen note(std::string_view address, const IdentityKey& identity);
  [[nodiscard]] std::size_t size() const noexcept { return relays_.size(); }

 private:
  std::map<std::string, IdentityKey, std::less<>> relays_;
};

}  // namespace wzp::crypto
