// Several sockets on one port: which one gets a packet.
#pragma once

#include <cstdint>

namespace wzp::transport {

// By the first byte of the destination connection id (EndpointConfig::connection_id.shard), modulo
// `shards`: the index of the socket in the order of binding. The kernel's own choice is by address,
// so that a client would land on another shard after its address changed. Random ids of first
// packets spread evenly. False if the kernel refuses.
bool attach_steering(int fd, std::uint32_t shards) noexcept;

}  // namespace wzp::transport
