/// \file
/// The seed: 32 secret bytes from which an identity is derived, and its text forms.
#pragma once

#include <string>
#include <string_view>

#include "wzp/crypto/errc.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/secret.hpp"

namespace wzp::crypto {

/// Why a text is not a mnemonic. Converts to the Errc, says the rest in message().
struct WZP_CRYPTO_EXPORT MnemonicError {
  Errc code = Errc::kUnknownWord;  ///< kBadWordCount, kUnknownWord or kBadChecksum.
  std::size_t words_seen = 0;      ///< For kBadWordCount.
  std::size_t position = 0;        ///< For kUnknownWord: 1 is the first word.
  std::string word;                ///< For kUnknownWord: as typed, at most 32 bytes of it.

  /// Such as `word 7, "abandn", is not in the BIP39 English list`.
  [[nodiscard]] std::string message() const;
};

/// Whoever knows the seed is its owner: it is never logged, and its text forms are made only by the
/// calls that say so.
///
///     auto seed = Seed::from_mnemonic(typed);
///     if (!seed) return complain(seed.error().message());
///     Identity me = Identity::from_seed(*seed);
class WZP_CRYPTO_EXPORT Seed {
 public:
  [[nodiscard]] static Seed generate(Rng& rng);
  [[nodiscard]] static Seed from_bytes(std::span<const std::byte, 32> bytes) noexcept;
  /// 64 hex digits of either case, nothing else.
  [[nodiscard]] static Result<Seed> from_hex(std::string_view text) noexcept;
  /// 24 lower-case words of the BIP39 English list, separated by any whitespace. Their entropy is
  /// the seed; BIP39's own stretching is not used.
  [[nodiscard]] static wzp::Expected<Seed, MnemonicError> from_mnemonic(std::string_view words);

  /// 24 words separated by one space.
  [[nodiscard]] SecretBytes mnemonic() const;
  /// 64 lower-case digits.
  [[nodiscard]] SecretBytes to_secret_hex() const;
  [[nodiscard]] const Secret<32>& reveal() const noexcept { return bytes_; }

  /// In constant time.
  friend bool operator==(const Seed& a, const Seed& b) noexcept { return a.bytes_ == b.bytes_; }

 private:
  explicit Seed(Secret<32> bytes) noexcept;
  Secret<32> bytes_;
};

}  // namespace wzp::crypto
