#include "wzp/crypto/seed.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "bip39_words.hpp"
#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/hex.hpp"

namespace wzp::crypto {
namespace {

constexpr std::size_t kWords = 24;
constexpr std::size_t kBitsPerWord = 11;
using SeedAndChecksum = Secret<33>;
static_assert(kWords * kBitsPerWord == 8 * SeedAndChecksum::kSize);

bool bit_at(ByteView bytes, std::size_t i) {
  return (bytes[i / 8] & (std::byte{0x80} >> (i % 8))) != std::byte{0};
}

std::size_t word_at(ByteView bytes, std::size_t word) {
  std::size_t index = 0;
  for (std::size_t i = 0; i < kBitsPerWord; ++i) {
    index = index << 1 | static_cast<std::size_t>(bit_at(bytes, word * kBitsPerWord + i));
  }
  return index;
}

// Requires: the bits of this word are still zero.
void put_word(MutableBytes bytes, std::size_t word, std::size_t index) {
  for (std::size_t i = 0; i < kBitsPerWord; ++i) {
    const std::size_t at = word * kBitsPerWord + i;
    if ((index >> (kBitsPerWord - 1 - i) & 1) != 0) bytes[at / 8] |= std::byte{0x80} >> (at % 8);
  }
}

std::optional<std::size_t> index_of(std::string_view word) {
  const auto all = bip39_words();
  const auto at = std::lower_bound(all.begin(), all.end(), word);
  if (at == all.end() || *at != word) return std::nullopt;
  return static_cast<std::size_t>(at - all.begin());
}

// Takes the next run of non-space characters off the front; empty at the end.
std::string_view next_word(std::string_view& text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kSpace));
  text.remove_prefix(word.size());
  return word;
}

std::size_t count_words(std::string_view text) {
  std::size_t count = 0;
  while (!next_word(text).empty()) ++count;
  return count;
}

std::byte checksum(std::span<const std::byte, 32> seed) { return sha256({seed}).front(); }

}  // namespace

std::string MnemonicError::message() const {
  switch (code) {
    case Errc::kBadWordCount:
      return "expected 24 words, seen " + std::to_string(words_seen);
    case Errc::kUnknownWord:
      return "word " + std::to_string(position) + ", \"" + word +
             "\", is not in the BIP39 English list";
    default:
      return std::string(crypto::message(code)) + ": a word is wrong or out of place";
  }
}

Seed::Seed(Secret<32> bytes) noexcept : bytes_(std::move(bytes)) {}

Seed Seed::generate(Rng& rng) { return Seed(Secret<32>::random(rng)); }

Seed Seed::from_bytes(std::span<const std::byte, 32> bytes) noexcept {
  return Seed(Secret<32>(bytes));
}

Result<Seed> Seed::from_hex(std::string_view text) noexcept {
  Secret<32> bytes;
  if (!crypto::from_hex(text, bytes.writable())) return Unexpected(Errc::kBadHex);
  return Seed(std::move(bytes));
}

wzp::Expected<Seed, MnemonicError> Seed::from_mnemonic(std::string_view words) {
  const std::size_t seen = count_words(words);
  SeedAndChecksum bits;
  for (std::size_t i = 0; i < std::min(seen, kWords); ++i) {
    const std::string_view word = next_word(words);
    const auto index = index_of(word);
    if (!index) {
      return Unexpected(
          MnemonicError{Errc::kUnknownWord, seen, i + 1, std::string(word.substr(0, 32))});
    }
    put_word(bits.writable(), i, *index);
  }
  if (seen != kWords) return Unexpected(MnemonicError{Errc::kBadWordCount, seen, 0, {}});
  const auto seed = bits.reveal().first<32>();
  if (checksum(seed) != bits.reveal().back()) {
    return Unexpected(MnemonicError{Errc::kBadChecksum, seen, 0, {}});
  }
  return from_bytes(seed);
}

SecretBytes Seed::mnemonic() const {
  SeedAndChecksum bits;
  std::copy_n(bytes_.reveal().begin(), 32, bits.writable().begin());
  bits.writable().back() = checksum(bytes_.reveal());
  std::array<std::string_view, kWords> words;
  std::size_t length = kWords - 1;
  for (std::size_t i = 0; i < kWords; ++i) {
    words[i] = bip39_words()[word_at(bits.reveal(), i)];
    length += words[i].size();
  }
  SecretBytes text(length);
  ByteWriter out(text.writable());
  for (std::size_t i = 0; i < kWords; ++i) {
    if (i != 0) out.u8(' ');
    out.bytes(as_byte_view(words[i]));
  }
  wipe(std::as_writable_bytes(std::span(words)));
  return text;
}

SecretBytes Seed::to_secret_hex() const {
  std::string digits = to_hex(bytes_.reveal());
  SecretBytes text = SecretBytes::copy_of(as_byte_view(digits));
  wipe(std::as_writable_bytes(std::span(digits)));
  return text;
}

}  // namespace wzp::crypto
