#include "wzp/client/packet_interleaver.hpp"

#include <deque>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "wzp/fec/interleaver.hpp"
#include "wzp/proto/media_header.hpp"

namespace wzp::client {
namespace {

struct Held {
  std::vector<std::byte> bytes;
  bool is_repair = false;
};

}  // namespace

class PacketInterleaver::Impl {
 public:
  explicit Impl(std::uint32_t depth) : depth_(depth) {
    if (depth > kMostDepth) {
      throw std::invalid_argument("wzp::client::PacketInterleaver: a depth of at most 8");
    }
  }

  std::span<const EncodedPacket> push(std::span<const EncodedPacket> packets) {
    if (depth_ <= 1) return packets;
    for (const EncodedPacket& packet : packets) take(packet);
    // One for one; what a pause or a long block left behind is caught up with.
    const std::size_t due = packets.size() + (ready_.size() > 2 * group_size_ ? 1 : 0);
    return give(due);
  }

  std::span<const EncodedPacket> flush() {
    close_group();
    return give(ready_.size());
  }

 private:
  void take(const EncodedPacket& packet) {
    const auto header = proto::parse_media_header(packet.bytes);
    if (!header) return;
    if (!block_ || *block_ != header->fec_block) {
      if (blocks_.size() == depth_) close_group();
      block_ = header->fec_block;
      blocks_.emplace_back();
    }
    blocks_.back().push_back({{packet.bytes.begin(), packet.bytes.end()}, packet.is_repair});
  }

  void close_group() {
    std::vector<std::uint32_t> sizes;
    for (const auto& block : blocks_) sizes.push_back(static_cast<std::uint32_t>(block.size()));
    const fec::Interleaver order(sizes, depth_);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const fec::BlockSlot at = order.slot_at(i);
      ready_.push_back(std::move(blocks_[at.block][at.slot]));
    }
    group_size_ = order.size();
    blocks_.clear();
    block_.reset();
  }

  std::span<const EncodedPacket> give(std::size_t count) {
    given_.clear();
    out_.clear();
    while (given_.size() < count && !ready_.empty()) {
      given_.push_back(std::move(ready_.front()));
      ready_.pop_front();
    }
    for (const Held& held : given_) out_.push_back({held.bytes, held.is_repair});
    return out_;
  }

  std::uint32_t depth_;
  std::optional<BlockId8> block_;
  std::vector<std::vector<Held>> blocks_;  // of the group being filled
  std::deque<Held> ready_;
  std::size_t group_size_ = 0;
  std::vector<Held> given_;
  std::vector<EncodedPacket> out_;
};

PacketInterleaver::PacketInterleaver(std::uint32_t depth) : impl_(std::make_unique<Impl>(depth)) {}
PacketInterleaver::~PacketInterleaver() = default;
PacketInterleaver::PacketInterleaver(PacketInterleaver&&) noexcept = default;
PacketInterleaver& PacketInterleaver::operator=(PacketInterleaver&&) noexcept = default;

std::span<const EncodedPacket> PacketInterleaver::push(std::span<const EncodedPacket> packets) {
  return impl_->push(packets);
}
std::span<const EncodedPacket> PacketInterleaver::flush() { return impl_->flush(); }

}  // namespace wzp::client
