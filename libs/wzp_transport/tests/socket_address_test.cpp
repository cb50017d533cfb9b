#include "wzp/transport/socket_address.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <unordered_set>

using namespace wzp::transport;

TEST_CASE("addresses are read and printed alike") {
  const auto* text = GENERATE("127.0.0.1:4433", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:4433",
                              "[2001:db8::1]:1", "[fe80::1%2]:4433", "[::]:0");
  const auto address = SocketAddress::parse(text);
  REQUIRE(address);
  CHECK(address->to_string() == text);
  CHECK(SocketAddress::parse(address->to_string()).value() == *address);
}

TEST_CASE("what is no address is refused") {
  const auto* text =
      GENERATE("", ":", "1.2.3.4", "1.2.3:80", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1",
               "1.2.3.4:8x", "::1:4433", "[::1]", "[::1:4433", "[1.2.3.4]:1", "localhost:80",
               "[::1%eth0]:1", "[fe80::1%]:1", "[fe80::1%-1]:1", " 1.2.3.4:80", "1.2.3.4 :80",
               "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1");
  CHECK(SocketAddress::parse(text).error() == Errc::kAddressInvalid);
}

TEST_CASE("addresses differ by family, ip, port and scope") {
  const SocketAddress a = SocketAddress::ipv4({10, 0, 0, 1}, 5);
  CHECK(a == SocketAddress::parse("10.0.0.1:5").value());
  CHECK(a != a.with_port(6));
  CHECK(a != SocketAddress::ipv4({10, 0, 0, 2}, 5));
  CHECK(SocketAddress::ipv6({}, 5) != SocketAddress::ipv4({}, 5));
  CHECK(SocketAddress::ipv6({}, 5, 1) != SocketAddress::ipv6({}, 5, 2));
  CHECK(SocketAddress().to_string() == "none");
  CHECK(SocketAddress::ipv6({}, 5).is_unspecified());
  CHECK_FALSE(a.is_unspecified());
  CHECK(sizeof(SocketAddress) <= 28);
}

TEST_CASE("hashes of neighbours spread") {
  std::unordered_set<std::size_t> low_bits;
  for (std::uint16_t port = 0; port < 4096; ++port) {
    low_bits.insert(SocketAddress::ipv4({10, 0, 0, 1}, port).hash() % 8192);
  }
  CHECK(low_bits.size() > 3000);
}
