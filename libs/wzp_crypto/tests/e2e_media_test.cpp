#include "wzp/crypto/e2e_media.hpp"

#include <catch2/catch_test_macros.hpp>

#include "e2e_vectors.hpp"
#include "heap_watch.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::e2e;
using namespace wzp::crypto::test;

namespace {

using Buffer = std::vector<std::byte>;

NumberedKey key_of(Layout layout) {
  const TwoParticipants two;
  return media_key(Secret<32>(counting_bytes<32>(0xc0)), layout, two.a.hello.identity,
                   two.a.hello.instance, {0, 0});
}

Buffer bytes(const nlohmann::json& row, const char* member) {
  return unhex(row[member].get<std::string>());
}

nlohmann::json packet_row(std::size_t i) { return load_vectors("e2e.json", "packets").at(i); }

}  // namespace

TEST_CASE("layout 1 packets of the vectors are sealed and opened as stated") {
  const NumberedKey key = key_of(Layout::kPlain);
  for (const std::size_t i : {0, 1}) {
    const auto row = packet_row(i);
    const auto counter = row["counter"].get<std::uint16_t>();
    const auto header = unhex_array<12>(row["header"].get<std::string>());
    const auto plaintext = bytes(row, "plaintext");
    const auto report = bytes(row, "report");
    Buffer packet(12 + plaintext.size() + kTagSize + report.size());
    REQUIRE(*seal_layout1(key, counter, header, plaintext, report, packet) == packet.size());
    CHECK(to_hex(packet) == row["packet"].get<std::string>());

    const auto view = parse_layout1(packet);
    REQUIRE(view);
    CHECK(view->epoch == 0x10);
    CHECK(packet_counter(view->seq, SeqNo16(65530)) == counter);
    CHECK(to_hex(view->report) == row["report"].get<std::string>());
    Buffer opened(plaintext.size());
    REQUIRE(*open_layout1(key, counter, *view, opened) == plaintext.size());
    CHECK(opened == plaintext);
  }
}

TEST_CASE("layout 2 and 3 packets of the vectors are sealed and opened as stated") {
  for (const std::size_t i : {2, 3}) {
    const auto row = packet_row(i);
    const auto layout = static_cast<Layout>(row["layout"].get<int>());
    const NumberedKey key = key_of(layout);
    const AeadNonce nonce = key.nonce(row["counter"].get<std::uint32_t>());
    const auto header = bytes(row, "header");
    const auto plaintext = bytes(row, "plaintext");
    const bool is_short = layout == Layout::kMedia;
    Buffer packet = header;
    packet.resize(header.size() + plaintext.size() + (is_short ? kShortTagSize : kTagSize));
    const MutableBytes box = MutableBytes(packet).subspan(header.size());
    REQUIRE((is_short ? seal_short : seal)(key.key, nonce, header, plaintext, box));
    CHECK(to_hex(packet) == row["packet"].get<std::string>());
    Buffer opened(plaintext.size());
    REQUIRE((is_short ? open_short : open)(key.key, nonce, header, box, opened));
    CHECK(opened == plaintext);
  }
}

TEST_CASE("every flipped bit of a layout 1 packet, report included, keeps it from opening") {
  const NumberedKey key = key_of(Layout::kPlain);
  for (const std::size_t i : {0, 1}) {
    const auto row = packet_row(i);
    auto packet = bytes(row, "packet");
    Buffer out(64);
    const auto opens = [&] {
      const auto view = parse_layout1(packet);
      return view && open_layout1(key, row["counter"].get<std::uint16_t>(), *view, out);
    };
    REQUIRE(opens());
    for (std::size_t bit = 0; bit < 8 * packet.size(); ++bit) {
      packet[bit / 8] ^= std::byte{1} << (bit % 8);
      REQUIRE_FALSE(opens());
      packet[bit / 8] ^= std::byte{1} << (bit % 8);
    }
  }
}

TEST_CASE("header bits without meaning, or epoch 0, make a layout 1 packet malformed") {
  const auto good = bytes(packet_row(0), "packet");
  const std::pair<std::size_t, int> changes[] = {{0, 0x80},  {1, 1},  {1, 2},
                                                 {10, 0x10}, {11, 1}, {11, 0x80}};
  for (const auto& [at, bits] : changes) {
    auto packet = good;
    packet[at] ^= static_cast<std::byte>(bits);
    CHECK(parse_layout1(packet).error() == Errc::kMalformed);
    std::array<std::byte, 12> header{};
    std::copy_n(packet.begin(), 12, header.begin());
    Buffer out(64);
    CHECK(seal_layout1(key_of(Layout::kPlain), 0, header, {}, {}, out).error() == Errc::kMalformed);
  }
}

TEST_CASE("every prefix of a layout 1 packet is refused") {
  const NumberedKey key = key_of(Layout::kPlain);
  const auto packet = bytes(packet_row(1), "packet");
  Buffer out(64);
  for (std::size_t n = 0; n < packet.size(); ++n) {
    const auto view = parse_layout1(ByteView(packet).first(n));
    if (n < 12 + kTagSize + 4) {
      REQUIRE(view.error() == Errc::kTruncated);
    } else {
      REQUIRE_FALSE(open_layout1(key, 7, *view, out));
    }
  }
}

TEST_CASE("sealing a layout 1 packet in place gives the same bytes and allocates nothing") {
  const NumberedKey key = key_of(Layout::kPlain);
  const auto row = packet_row(0);
  const auto expected = bytes(row, "packet");
  const auto header = unhex_array<12>(row["header"].get<std::string>());
  const auto plaintext = bytes(row, "plaintext");
  Buffer packet(expected.size());
  std::copy(plaintext.begin(), plaintext.end(), packet.begin() + 12);
  Buffer opened(plaintext.size());
  const std::size_t before = allocations();
  const bool sealed =
      seal_layout1(key, 6, header, ByteView(packet).subspan(12, plaintext.size()), {}, packet)
          .has_value();
  const auto view = parse_layout1(packet);
  const bool open = view && open_layout1(key, 6, *view, opened);
  CHECK(allocations() == before);
  CHECK(sealed);
  CHECK(open);
  CHECK(packet == expected);
}

TEST_CASE("a report that disagrees with the Q bit, or no room, is refused by the sealer") {
  const NumberedKey key = key_of(Layout::kPlain);
  auto header = unhex_array<12>("003400000000000000001000");
  Buffer out(64);
  CHECK(seal_layout1(key, 0, header, {}, unhex("191e0c40"), out).error() == Errc::kMalformed);
  header[0] = std::byte{2};
  CHECK(seal_layout1(key, 0, header, {}, {}, out).error() == Errc::kMalformed);
  CHECK(seal_layout1(key, 0, header, {}, unhex("191e0c40"), MutableBytes(out).first(31)).error() ==
        Errc::kNoRoom);
}
