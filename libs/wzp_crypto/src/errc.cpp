#include "wzp/crypto/errc.hpp"

#include <string>

namespace wzp::crypto {
namespace {

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "wzp.crypto"; }
  [[nodiscard]] std::string message(int code) const override {
    return crypto::message(static_cast<Errc>(code));
  }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

const char* message(Errc e) noexcept {
  switch (e) {
    case Errc::kBadHex:
      return "expected exactly 64 hex digits without prefix or spaces";
    case Errc::kBadWordCount:
      return "expected 24 words";
    case Errc::kUnknownWord:
      return "a word is not in the BIP39 English list";
    case Errc::kBadChecksum:
      return "the words are known but their checksum is wrong";
    case Errc::kBadFingerprint:
      return "expected an even number of hex digits, at least 32";
    case Errc::kSignatureInvalid:
      return "signature verification failed";
    case Errc::kBadPublicKey:
      return "the public key is of low order";
    case Errc::kAlreadyUsed:
      return "this handshake is finished already";
    case Errc::kAuthenticationFailed:
      return "the packet was altered or sealed with another key";
    case Errc::kReplayed:
      return "the packet number was seen before or is too old";
    case Errc::kTruncated:
      return "fewer bytes than the smallest valid packet";
    case Errc::kNoRoom:
      return "the output buffer is too small";
    case Errc::kUnknownEpoch:
      return "no key is held for the epoch the packet names";
    case Errc::kKeyExhausted:
      return "all packet numbers of this key are used";
    case Errc::kRekeyPending:
      return "a rekey is under way already";
    case Errc::kNoRekeyPending:
      return "no rekey is under way";
    case Errc::kFileMissing:
      return "no such file";
    case Errc::kFileExists:
      return "the file exists already and is not overwritten";
    case Errc::kFileNotPrivate:
      return "expected a file of your own with mode 0600";
    case Errc::kFileMalformed:
      return "expected one line with 64 hex digits or 24 words";
    case Errc::kFileError:
      return "the system refused access to the file";
    case Errc::kMalformed:
      return "lengths or fields do not add up";
    case Errc::kWeakPassphrase:
      return "expected a room passphrase of at least 16 bytes";
    case Errc::kBadInvite:
      return "expected wzs1. and 22 base64url characters";
  }
  return "unknown wzp.crypto error";
}

}  // namespace wzp::crypto
