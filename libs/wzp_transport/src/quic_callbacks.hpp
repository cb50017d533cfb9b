// ngtcp2's callbacks, bound to a QuicConnection as user data.
#pragma once

#include <ngtcp2/ngtcp2.h>

namespace wzp::transport {

const ngtcp2_callbacks& quic_callbacks(bool is_server) noexcept;

}  // namespace wzp::transport
