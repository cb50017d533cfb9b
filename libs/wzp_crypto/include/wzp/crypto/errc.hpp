/// \file
/// What can go wrong in wzp::crypto, and the result type of its functions.
#pragma once

#include <system_error>

#include "wzp/crypto/export.hpp"
#include "wzp/proto/expected.hpp"

namespace wzp::crypto {

/// Numbers are stable: never reused, never changed. New ones are added at the end, so handle the
/// default case.
enum class Errc : int {
  kBadHex = 1,                ///< Not exactly the expected hex digits.
  kBadWordCount = 2,          ///< A mnemonic without exactly 24 words.
  kUnknownWord = 3,           ///< A word that is not in the BIP39 English list.
  kBadChecksum = 4,           ///< 24 known words whose checksum is wrong.
  kBadFingerprint = 5,        ///< Text without at least 32 hex digits, or with an odd number.
  kSignatureInvalid = 6,      ///< Not 64 bytes, or it does not verify under the stated identity.
  kBadPublicKey = 7,          ///< An X25519 public key of low order.
  kAlreadyUsed = 8,           ///< A one-time object was asked a second time.
  kAuthenticationFailed = 9,  ///< A sealed packet was altered, or belongs to another key.
  kReplayed = 10,             ///< The packet number was seen before, or is too old to tell.
  kTruncated = 11,            ///< Fewer bytes than the smallest valid input.
  kNoRoom = 12,               ///< The caller's output buffer is too small.
  kUnknownEpoch = 13,         ///< A sealed packet names a key that is not, or no longer, held.
  kKeyExhausted = 14,         ///< All packet numbers of a key were used: rekey first.
  kRekeyPending = 15,         ///< A rekey is under way already.
  kNoRekeyPending = 16,       ///< An answer to a rekey that was never started.
  kFileMissing = 17,          ///< No file with that name.
  kFileExists = 18,           ///< There is a file already; it is never overwritten.
  kFileNotPrivate = 19,       ///< Others may read or change the file, or own it.
  kFileMalformed = 20,        ///< The content is not what this kind of file holds.
  kFileError = 21,            ///< The system refused: see the message.
  kMalformed = 22,            ///< A structure whose lengths or fields do not add up.
  kWeakPassphrase = 23,       ///< A room passphrase shorter than 16 bytes.
  kBadInvite = 24,            ///< Begins like an invite, but is not one.
};

[[nodiscard]] WZP_CRYPTO_EXPORT const std::error_category& error_category() noexcept;
[[nodiscard]] inline std::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_category()};
}
/// One sentence without a full stop: what was expected, and what was seen.
[[nodiscard]] WZP_CRYPTO_EXPORT const char* message(Errc e) noexcept;

/// A T, or why there is none.
template <class T>
using Result = wzp::Expected<T, Errc>;

}  // namespace wzp::crypto

template <>
struct std::is_error_code_enum<wzp::crypto::Errc> : std::true_type {};
