#include "wzp/crypto/hash.hpp"

#include <sodium.h>

#include <catch2/catch_test_macros.hpp>

#include "vector_file.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

namespace {

// HKDF-SHA256 on libsodium's HMAC: the second opinion.
std::vector<std::byte> sodium_hkdf(ByteView salt, ByteView ikm, ByteView info, std::size_t size) {
  std::array<std::byte, 32> prk{};
  const auto hmac = [](ByteView key, std::initializer_list<ByteView> parts,
                       std::span<std::byte, 32> out) {
    crypto_auth_hmacsha256_state state;
    const unsigned char none = 0;
    crypto_auth_hmacsha256_init(&state, key.empty() ? &none : as_uchars(key.data()), key.size());
    for (const ByteView part : parts) {
      if (part.empty()) continue;
      crypto_auth_hmacsha256_update(&state, as_uchars(part.data()), part.size());
    }
    crypto_auth_hmacsha256_final(&state, as_uchars(out.data()));
  };
  hmac(salt, {ikm}, prk);
  std::vector<std::byte> out;
  std::array<std::byte, 32> block{};
  for (std::byte n{1}; out.size() < size; n = static_cast<std::byte>(static_cast<int>(n) + 1)) {
    hmac(prk, {out.empty() ? ByteView() : ByteView(block), info, {&n, 1}}, block);
    out.insert(out.end(), block.begin(), block.end());
  }
  out.resize(size);
  return out;
}

}  // namespace

TEST_CASE("HKDF gives the values of RFC 5869") {
  struct Row {
    const char *ikm, *salt, *info, *prk, *okm;
  };
  const Row rows[] = {
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
       "f0f1f2f3f4f5f6f7f8f9", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c"
       "2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
       "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c"
       "8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
       "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdc"
       "dddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
       "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e"
       "590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  for (const Row& row : rows) {
    const auto ikm = unhex(row.ikm);
    const Secret<32> prk = hkdf_extract(unhex(row.salt), {ikm});
    CHECK(to_hex(prk.reveal()) == row.prk);
    std::vector<std::byte> okm(std::string_view(row.okm).size() / 2);
    hkdf_expand_into(prk.reveal(), {unhex(row.info)}, okm);
    CHECK(to_hex(okm) == row.okm);
  }
}

TEST_CASE("SHA-2 gives the values of FIPS 180 for abc") {
  CHECK(to_hex(sha256({as_byte_view("abc")})) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha512({as_byte_view("abc")})) ==
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("hashing parts equals hashing them joined, and agrees with libsodium") {
  SeededRng rng(7);
  for (std::size_t size = 0; size < 300; ++size) {
    std::vector<std::byte> bytes(size);
    rng.fill(bytes);
    const ByteView all(bytes);
    const std::size_t cut = size / 3;
    Sha256Hash expected256{};
    Sha512Hash expected512{};
    crypto_hash_sha256(as_uchars(expected256.data()), as_uchars(bytes.data()), size);
    crypto_hash_sha512(as_uchars(expected512.data()), as_uchars(bytes.data()), size);
    REQUIRE(sha256({all}) == expected256);
    REQUIRE(sha256({all.first(cut), all.subspan(cut)}) == expected256);
    REQUIRE(sha512({all.first(cut), {}, all.subspan(cut)}) == expected512);
  }
}

TEST_CASE("HKDF agrees with libsodium's HMAC for every length of salt, key, info and output") {
  SeededRng rng(11);
  for (std::size_t i = 0; i < 300; ++i) {
    std::vector<std::byte> salt(i % 97), ikm(1 + i % 131), info(i % 61), out(1 + i * 7 % 700);
    for (auto* bytes : {&salt, &ikm, &info}) rng.fill(*bytes);
    const ByteView ikm_view(ikm);
    const Secret<32> prk = hkdf_extract(salt, {ikm_view.first(i % 2), ikm_view.subspan(i % 2)});
    hkdf_expand_into(prk.reveal(), {info}, out);
    REQUIRE(out == sodium_hkdf(salt, ikm, info, out.size()));
  }
}
