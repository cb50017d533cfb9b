#include "wzp/transport/frame_pool.hpp"

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <vector>

using namespace wzp;
using namespace wzp::transport;

TEST_CASE("a frame keeps a copy of its bytes as long as it is referred to") {
  FramePool pool(1 << 20);
  FrameRef second;
  {
    std::string text = "media";
    const FrameRef first = pool.copy(as_byte_view(text));
    text = "other";
    second = first;
    CHECK(first.bytes().data() == second.bytes().data());
  }
  CHECK(as_text(second.bytes()) == "media");
  CHECK(pool.bytes_in_use() > 0);
  second = FrameRef();
  CHECK(pool.bytes_in_use() == 0);
}

TEST_CASE("the pool refuses what is too long and what exceeds its limit") {
  FramePool pool(4096);
  CHECK_FALSE(pool.copy(std::vector<std::byte>(FramePool::kMaxFrame + 1)));
  const FrameRef a = pool.copy(std::vector<std::byte>(FramePool::kMaxFrame));
  CHECK(a.size() == FramePool::kMaxFrame);
  FrameRef b = pool.copy(std::vector<std::byte>(2000));
  CHECK(b);
  CHECK_FALSE(pool.copy(std::vector<std::byte>(1)));
  b = FrameRef();
  CHECK(pool.copy(std::vector<std::byte>(1)));
}

TEST_CASE("an empty frame is a frame") {
  FramePool pool(4096);
  const FrameRef empty = pool.copy({});
  CHECK(static_cast<bool>(empty));
  CHECK(empty.size() == 0);
  CHECK_FALSE(static_cast<bool>(FrameRef()));
}

TEST_CASE("memory is used again") {
  FramePool pool(1 << 20);
  const std::byte* first = pool.copy(std::vector<std::byte>(100)).bytes().data();
  CHECK(pool.copy(std::vector<std::byte>(50)).bytes().data() == first);
}

TEST_CASE("frames may outlive their pool") {
  FrameRef frame;
  {
    FramePool pool(4096);
    frame = pool.copy(as_byte_view("still here"));
  }
  CHECK(as_text(frame.bytes()) == "still here");
}
