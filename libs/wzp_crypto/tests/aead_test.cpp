#include "wzp/crypto/aead.hpp"

#include <catch2/catch_test_macros.hpp>

#include "heap_watch.hpp"
#include "openssl_aead.hpp"
#include "vector_file.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

namespace {

using Buffer = std::vector<std::byte>;

struct Sample {
  AeadKey key;
  AeadNonce nonce{};
  Buffer aad, plaintext;

  Sample(SeededRng& rng, std::size_t aad_size, std::size_t size)
      : key(AeadKey::random(rng)), aad(aad_size), plaintext(size) {
    rng.fill(nonce);
    rng.fill(aad);
    rng.fill(plaintext);
  }
  [[nodiscard]] Buffer sealed() const {
    Buffer out(plaintext.size() + kTagSize);
    REQUIRE(*seal(key, nonce, aad, plaintext, out) == out.size());
    return out;
  }
  [[nodiscard]] Buffer sealed_short() const {
    Buffer out(plaintext.size() + kShortTagSize);
    REQUIRE(*seal_short(key, nonce, aad, plaintext, out) == out.size());
    return out;
  }
};

template <class Check>
void for_each_flipped_bit(MutableBytes bytes, Check check) {
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    check();
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

}  // namespace

TEST_CASE("sealing gives the value of RFC 8439 section 2.8.2, opening gives the text back") {
  const AeadKey key(counting_bytes<32>(0x80));
  const auto nonce = unhex_array<12>("070000004041424344454647");
  const auto aad = unhex("50515253c0c1c2c3c4c5c6c7");
  const std::string_view text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  Buffer sealed(text.size() + kTagSize);
  REQUIRE(seal(key, nonce, aad, as_byte_view(text), sealed));
  CHECK(to_hex(sealed) ==
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da"
        "92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585"
        "808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
        "1ae10b594f09e26a7e902ecbd0600691");
  Buffer opened(text.size());
  REQUIRE(*open(key, nonce, aad, sealed, opened) == text.size());
  CHECK(as_text(opened) == text);
}

TEST_CASE("sealing agrees with OpenSSL for every length up to 300 and opens again") {
  SeededRng rng(31);
  for (std::size_t size = 0; size < 300; ++size) {
    const Sample s(rng, size % 33, size);
    const Buffer sealed = s.sealed();
    REQUIRE(sealed == openssl_seal(s.key, s.nonce, s.aad, s.plaintext));
    Buffer opened(size);
    REQUIRE(open(s.key, s.nonce, s.aad, sealed, opened));
    REQUIRE(opened == s.plaintext);
  }
}

TEST_CASE("a short tag is the first 8 bytes of the whole one, and opens for every length") {
  SeededRng rng(37);
  for (std::size_t size = 0; size < 300; ++size) {
    const Sample s(rng, size % 33, size);
    const Buffer whole = s.sealed();
    const Buffer sealed = s.sealed_short();
    REQUIRE(std::equal(sealed.begin(), sealed.end(), whole.begin()));
    Buffer opened(size);
    REQUIRE(*open_short(s.key, s.nonce, s.aad, sealed, opened) == size);
    REQUIRE(opened == s.plaintext);
  }
}

TEST_CASE("every flipped bit of packet, header, nonce or key is noticed, with either tag") {
  SeededRng rng(41);
  Sample s(rng, 12, 20);
  Buffer whole = s.sealed();
  Buffer with_short = s.sealed_short();
  Buffer out(64);
  const auto refused = [&] {
    REQUIRE(open(s.key, s.nonce, s.aad, whole, out).error() == Errc::kAuthenticationFailed);
  };
  const auto refused_short = [&] {
    REQUIRE(open_short(s.key, s.nonce, s.aad, with_short, out).error() ==
            Errc::kAuthenticationFailed);
  };
  for_each_flipped_bit(whole, refused);
  for_each_flipped_bit(with_short, refused_short);
  for (const MutableBytes input :
       {MutableBytes(s.aad), MutableBytes(s.nonce), MutableBytes(s.key.writable())}) {
    for_each_flipped_bit(input, refused);
    for_each_flipped_bit(input, refused_short);
  }
  CHECK(open(s.key, s.nonce, s.aad, whole, out));
  CHECK(open_short(s.key, s.nonce, s.aad, with_short, out));
}

TEST_CASE("every proper prefix of a sealed packet is refused, with either tag") {
  SeededRng rng(43);
  const Sample s(rng, 12, 20);
  const Buffer whole = s.sealed();
  const Buffer with_short = s.sealed_short();
  Buffer out(64);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto result = open(s.key, s.nonce, s.aad, ByteView(whole).first(n), out);
    REQUIRE(result.error() == (n < kTagSize ? Errc::kTruncated : Errc::kAuthenticationFailed));
  }
  for (std::size_t n = 0; n < with_short.size(); ++n) {
    const auto result = open_short(s.key, s.nonce, s.aad, ByteView(with_short).first(n), out);
    REQUIRE(result.error() == (n < kShortTagSize ? Errc::kTruncated : Errc::kAuthenticationFailed));
  }
}

TEST_CASE("a packet that failed its short tag was not decrypted into the caller's buffer") {
  SeededRng rng(47);
  const Sample s(rng, 12, 20);
  Buffer sealed = s.sealed_short();
  sealed.back() ^= std::byte{1};
  Buffer out(20, std::byte{0x5a});
  REQUIRE_FALSE(open_short(s.key, s.nonce, s.aad, sealed, out));
  CHECK(out == Buffer(20, std::byte{0x5a}));
}

TEST_CASE("sealing and opening work in place") {
  SeededRng rng(53);
  const Sample s(rng, 12, 60);
  Buffer buffer = s.plaintext;
  buffer.resize(60 + kTagSize);
  REQUIRE(seal(s.key, s.nonce, s.aad, ByteView(buffer).first(60), buffer));
  CHECK(buffer == s.sealed());
  REQUIRE(open(s.key, s.nonce, s.aad, buffer, buffer));
  CHECK(std::equal(s.plaintext.begin(), s.plaintext.end(), buffer.begin()));
  Buffer with_short = s.sealed_short();
  REQUIRE(open_short(s.key, s.nonce, s.aad, with_short, with_short));
  CHECK(std::equal(s.plaintext.begin(), s.plaintext.end(), with_short.begin()));
}

TEST_CASE("a buffer one byte too small is refused and left alone") {
  SeededRng rng(59);
  const Sample s(rng, 0, 10);
  Buffer small(10 + kTagSize - 1);
  CHECK(seal(s.key, s.nonce, {}, s.plaintext, small).error() == Errc::kNoRoom);
  CHECK(small == Buffer(small.size()));
  Buffer tiny(9);
  CHECK(open(s.key, s.nonce, {}, s.sealed(), tiny).error() == Errc::kNoRoom);
  CHECK(open_short(s.key, s.nonce, {}, s.sealed_short(), tiny).error() == Errc::kNoRoom);
}

TEST_CASE("sealing and opening a packet allocate nothing") {
  SeededRng rng(61);
  const Sample s(rng, 12, 60);
  Buffer sealed(60 + kTagSize);
  Buffer opened(60);
  const std::size_t before = allocations();
  for (int i = 0; i < 100; ++i) {
    const bool done = seal(s.key, s.nonce, s.aad, s.plaintext, sealed).has_value() &&
                      open(s.key, s.nonce, s.aad, sealed, opened).has_value() &&
                      seal_short(s.key, s.nonce, s.aad, s.plaintext, sealed).has_value() &&
                      open_short(s.key, s.nonce, s.aad, ByteView(sealed).first(68), opened);
    if (!done) FAIL();
  }
  CHECK(allocations() == before);
}

TEST_CASE("a numbered key's nonce is its salt with the number mixed into the last four bytes") {
  const NumberedKey key = NumberedKey::from(Secret<44>(counting_bytes<44>(0)));
  CHECK(to_hex(key.nonce(0)) == "202122232425262728292a2b");
  CHECK(to_hex(key.nonce(0x01020304)) == "2021222324252627292b292f");
  CHECK(to_hex(key.key.reveal()).substr(0, 8) == "00010203");
}
