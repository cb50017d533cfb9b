#include "wzp/crypto/secret.hpp"

#include <catch2/catch_test_macros.hpp>
#include <new>
#include <ostream>

#include "heap_watch.hpp"
#include "vector_file.hpp"
#include "wzp/crypto/identity.hpp"
#include "wzp/crypto/seed.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;

namespace {

// What must not compile.
template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <class T>
concept Copyable = std::is_copy_constructible_v<T> || std::is_copy_assignable_v<T>;
template <class T>
concept Movable = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;
template <class T>
concept BecomesText = std::is_convertible_v<T, std::string> ||
    std::is_convertible_v<T, std::string_view> || std::is_convertible_v<T, ByteView>;
template <class T>
concept Ordered = requires(const T& a, const T& b) {
  a < b;
};

template <class T>
constexpr bool kKeepsSecrets =
    !Printable<T> && !Copyable<T> && Movable<T> && !BecomesText<T> && !Ordered<T>;

static_assert(kKeepsSecrets<Secret<32>>);
static_assert(kKeepsSecrets<Secret<12>>);
static_assert(kKeepsSecrets<SecretBytes>);
static_assert(kKeepsSecrets<Seed>);
static_assert(kKeepsSecrets<Identity>);
static_assert(!std::is_constructible_v<Secret<32>, std::array<std::byte, 31>>);
static_assert(!std::is_convertible_v<std::array<std::byte, 32>, Secret<32>>);
// Public keys of different use can't be swapped.
static_assert(!std::is_convertible_v<IdentityKey, ExchangeKey>);
static_assert(!std::is_convertible_v<ExchangeKey, IdentityKey>);

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

TEST_CASE("a secret leaves zeros where it lived") {
  alignas(Secret<32>) std::array<std::byte, sizeof(Secret<32>)> home{};
  auto* secret = new (home.data()) Secret<32>(counting_bytes<32>(1));
  REQUIRE_FALSE(all_zero(home));
  secret->~Secret();
  CHECK(all_zero(home));
}

TEST_CASE("a moved-from secret is zeros, and the move carries the bytes") {
  Secret<32> from(counting_bytes<32>(1));
  Secret<32> to(std::move(from));
  CHECK(all_zero(from.reveal()));  // NOLINT(bugprone-use-after-move): that is the promise
  CHECK(to == Secret<32>(counting_bytes<32>(1)));
  Secret<32> assigned;
  assigned = std::move(to);
  CHECK(all_zero(to.reveal()));  // NOLINT(bugprone-use-after-move)
  CHECK(assigned == Secret<32>(counting_bytes<32>(1)));
}

TEST_CASE("secret bytes on the heap are wiped before the block is freed") {
  {
    const SecretBytes text = SecretBytes::copy_of(as_byte_view("correct horse battery staple"));
    watch_block(text.reveal().data(), text.size());
  }
  CHECK(watched_block() == Freed::kWiped);
}

TEST_CASE("secret bytes are wiped when something else is assigned to them") {
  SecretBytes text = SecretBytes::copy_of(as_byte_view("one"));
  watch_block(text.reveal().data(), text.size());
  text = SecretBytes::copy_of(as_byte_view("another"));
  CHECK(watched_block() == Freed::kWiped);
  CHECK(text.reveal_text() == "another");
}

TEST_CASE("comparison sees a difference in every single bit") {
  const Secret<32> a(counting_bytes<32>(1));
  CHECK(a == a.duplicate());
  for (std::size_t bit = 0; bit < 256; ++bit) {
    Secret<32> b = a.duplicate();
    b.writable()[bit / 8] ^= std::byte{1} << (bit % 8);
    REQUIRE_FALSE(a == b);
  }
}

TEST_CASE("secret bytes of different lengths are unequal, empty ones equal") {
  CHECK_FALSE(SecretBytes::copy_of(as_byte_view("ab")) ==
              SecretBytes::copy_of(as_byte_view("abc")));
  CHECK(SecretBytes() == SecretBytes(0));
}
