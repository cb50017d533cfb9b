#include "wzp/crypto/seed.hpp"

#include <catch2/catch_test_macros.hpp>

#include "../src/bip39_words.hpp"
#include "vector_file.hpp"
#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/system_rng.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

namespace {

std::string words_of(const Seed& seed) { return std::string(seed.mnemonic().reveal_text()); }

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == ' ') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

}  // namespace

TEST_CASE("the word list is the published BIP39 English list") {
  std::string text;
  for (const auto word : bip39_words()) text += std::string(word) + "\n";
  CHECK(to_hex(sha256({as_byte_view(text)})) ==
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
  CHECK(std::is_sorted(bip39_words().begin(), bip39_words().end()));
}

TEST_CASE("seeds and mnemonics of the vectors turn into each other") {
  for (const auto& row : load_vectors("identity.json", "identities")) {
    const std::string words = row["mnemonic_24_words"];
    const auto seed = Seed::from_hex(row["seed"].get<std::string>());
    REQUIRE(seed);
    CHECK(words_of(*seed) == words);
    CHECK(seed->to_secret_hex().reveal_text() == row["seed"].get<std::string>());
    const auto back = Seed::from_mnemonic(words);
    REQUIRE(back);
    CHECK(*back == *seed);
  }
}

TEST_CASE("mnemonics of the vectors are accepted and refused as stated") {
  for (const auto& row : load_vectors("identity.json", "mnemonic_parsing")) {
    const auto seed = Seed::from_mnemonic(row["words"].get<std::string>());
    REQUIRE(seed.has_value() == !row["seed"].is_null());
    if (seed) CHECK(seed->to_secret_hex().reveal_text() == row["seed"].get<std::string>());
  }
}

TEST_CASE("seed hex of the vectors is accepted and refused as stated") {
  for (const auto& row : load_vectors("identity.json", "seed_hex_parsing")) {
    const auto text = row["input"].get<std::string>();
    CAPTURE(text);
    const auto seed = Seed::from_hex(text);
    REQUIRE(seed.has_value() == row["ok"].get<bool>());
    if (!seed) CHECK(seed.error() == Errc::kBadHex);
  }
}

TEST_CASE("every proper prefix and every altered digit class of a seed's hex is refused") {
  const std::string text(64, 'a');
  for (std::size_t n = 0; n < 64; ++n) REQUIRE_FALSE(Seed::from_hex(text.substr(0, n)));
  REQUIRE_FALSE(Seed::from_hex(text + "a"));
  for (std::size_t i = 0; i < 64; ++i) {
    for (const char bad : {'g', ' ', ':', '/', '@', '`', 'G', '\0', '\xff'}) {
      std::string altered = text;
      altered[i] = bad;
      REQUIRE_FALSE(Seed::from_hex(altered));
    }
  }
}

TEST_CASE("a thousand random seeds survive the trip through words and through hex") {
  SeededRng rng(3);
  for (int i = 0; i < 1000; ++i) {
    const Seed seed = Seed::generate(rng);
    const auto by_words = Seed::from_mnemonic(words_of(seed));
    REQUIRE(by_words);
    REQUIRE(*by_words == seed);
    const SecretBytes hex = seed.to_secret_hex();
    REQUIRE(*Seed::from_hex(hex.reveal_text()) == seed);
  }
}

TEST_CASE("a wrong word is named with its place") {
  const std::string good = words_of(Seed::from_bytes(counting_bytes<32>(1)));
  for (std::size_t i = 0; i < 24; ++i) {
    auto words = split(good);
    words[i] = "abandn";
    const auto seed = Seed::from_mnemonic(join(words));
    REQUIRE_FALSE(seed);
    CHECK(seed.error().code == Errc::kUnknownWord);
    CHECK(seed.error().position == i + 1);
    CHECK(seed.error().message() ==
          "word " + std::to_string(i + 1) + ", \"abandn\", is not in the BIP39 English list");
  }
}

TEST_CASE("the number of words is named when it is not 24") {
  const auto words = split(words_of(Seed::from_bytes(counting_bytes<32>(1))));
  for (std::size_t n = 0; n < 24; ++n) {
    const auto seed = Seed::from_mnemonic(join({words.begin(), words.begin() + std::ptrdiff_t(n)}));
    REQUIRE_FALSE(seed);
    CHECK(seed.error().code == Errc::kBadWordCount);
    CHECK(seed.error().message() == "expected 24 words, seen " + std::to_string(n));
  }
  auto more = words;
  more.push_back("abandon");
  CHECK(Seed::from_mnemonic(join(more)).error().words_seen == 25);
}

TEST_CASE("swapped or replaced words are caught by the checksum nearly always") {
  const auto words = split(words_of(Seed::from_bytes(counting_bytes<32>(1))));
  int accepted = 0;
  int tried = 0;
  for (std::size_t i = 0; i < 24; ++i) {
    for (std::size_t w = 0; w < 2048; w += 16) {
      auto altered = words;
      altered[i] = bip39_words()[w];
      if (altered == words) continue;
      ++tried;
      const auto seed = Seed::from_mnemonic(join(altered));
      if (seed) {
        ++accepted;
      } else {
        REQUIRE(seed.error().code == Errc::kBadChecksum);
      }
    }
  }
  CAPTURE(tried, accepted);
  CHECK(accepted < tried / 100);  // 8 checksum bits: one in 256.
}

TEST_CASE("words may be separated by any whitespace, and are lower case") {
  const std::string good = words_of(Seed::from_bytes(counting_bytes<32>(1)));
  std::string spaced = " \t" + good + "\r\n";
  const std::size_t at = spaced.find(' ', 10);
  spaced.replace(at, 1, " \n\t ");
  CHECK(Seed::from_mnemonic(spaced));
  std::string upper = good;
  upper[0] = 'A';
  const auto refused = Seed::from_mnemonic(upper);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().position == 1);
}

TEST_CASE("a huge unknown word is cut in the message") {
  const auto seed = Seed::from_mnemonic(std::string(100000, 'x'));
  REQUIRE_FALSE(seed);
  CHECK(seed.error().word.size() == 32);
}

TEST_CASE("the system's randomness does not repeat itself") {
  const Seed a = Seed::generate(system_rng());
  const Seed b = Seed::generate(system_rng());
  CHECK_FALSE(a == b);
}
