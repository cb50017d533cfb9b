#include "wzp/transport/frame_pool.hpp"

#include <array>
#include <cstring>
#include <new>

namespace wzp::transport {
namespace {

// Voice frames fit the small class; a full packet of any sender fits the large one.
constexpr std::array<std::size_t, 2> kClassBytes{256, FramePool::kMaxFrame};
// Blocks are taken from the allocator this many bytes at a time.
constexpr std::size_t kSlabBytes = 65'536;

}  // namespace

namespace detail {

struct FrameHeader {
  FramePool::Core* core;
  FrameHeader* next_free;
  std::uint32_t references;
  std::uint16_t size;
  std::uint16_t size_class;
  std::byte* payload() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};

}  // namespace detail

struct FramePool::Core {
  explicit Core(std::size_t limit) : max_bytes(limit) {}
  ~Core() {
    for (Slab* slab = slabs; slab != nullptr;) {
      Slab* next = slab->next;
      ::operator delete(slab);
      slab = next;
    }
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  struct alignas(std::max_align_t) Slab {
    Slab* next;
  };

  detail::FrameHeader* take(std::size_t size_class) noexcept {
    if (in_use + kClassBytes[size_class] > max_bytes) return nullptr;
    if (free[size_class] == nullptr && !grow(size_class)) return nullptr;
    detail::FrameHeader* frame = free[size_class];
    free[size_class] = frame->next_free;
    in_use += kClassBytes[size_class];
    ++frames_out;
    return frame;
  }

  void give_back(detail::FrameHeader* frame) noexcept {
    frame->next_free = free[frame->size_class];
    free[frame->size_class] = frame;
    in_use -= kClassBytes[frame->size_class];
    --frames_out;
    if (frames_out == 0 && orphaned) delete this;
  }

  bool grow(std::size_t size_class) noexcept {
    auto* raw = static_cast<std::byte*>(::operator new(kSlabBytes, std::nothrow));
    if (raw == nullptr) return false;
    slabs = ::new (raw) Slab{slabs};
    const std::size_t stride = sizeof(detail::FrameHeader) + kClassBytes[size_class];
    for (std::size_t at = sizeof(Slab); at + stride <= kSlabBytes; at += stride) {
      free[size_class] = ::new (raw + at)
          detail::FrameHeader{this, free[size_class], 0, 0, static_cast<std::uint16_t>(size_class)};
    }
    return true;
  }

  std::size_t max_bytes;
  std::size_t in_use = 0;
  std::size_t frames_out = 0;
  bool orphaned = false;
  Slab* slabs = nullptr;
  std::array<detail::FrameHeader*, kClassBytes.size()> free{};
};

namespace detail {

void add_reference(FrameHeader* frame) noexcept { ++frame->references; }

void drop_reference(FrameHeader* frame) noexcept {
  if (--frame->references == 0) frame->core->give_back(frame);
}

ByteView bytes_of(const FrameHeader* frame) noexcept {
  return {const_cast<FrameHeader*>(frame)->payload(), frame->size};
}

}  // namespace detail

FramePool::FramePool(std::size_t max_bytes) : core_(new Core(max_bytes)) {}

FramePool::~FramePool() {
  core_->orphaned = true;
  if (core_->frames_out == 0) delete core_;
}

FrameRef FramePool::allocate(std::size_t size, MutableBytes& out) noexcept {
  if (size > kMaxFrame) return {};
  detail::FrameHeader* frame = core_->take(size <= kClassBytes[0] ? 0 : 1);
  if (frame == nullptr) return {};
  frame->references = 1;
  frame->size = static_cast<std::uint16_t>(size);
  out = {frame->payload(), size};
  return FrameRef(frame);
}

FrameRef FramePool::copy(ByteView bytes) noexcept {
  MutableBytes room;
  FrameRef frame = allocate(bytes.size(), room);
  if (frame && !bytes.empty()) std::memcpy(room.data(), bytes.data(), bytes.size());
  return frame;
}

std::size_t FramePool::bytes_in_use() const noexcept { return core_->in_use; }

}  // namespace wzp::transport
