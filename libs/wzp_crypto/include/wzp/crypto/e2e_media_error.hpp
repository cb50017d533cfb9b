/// \file
/// Why a media packet was not sealed or not opened.
#pragma once

#include <cstddef>
#include <cstdint>

#include "wzp/crypto/e2e_sender_key.hpp"
#include "wzp/proto/expected.hpp"

namespace wzp::crypto::e2e {

/// Each is counted by RoomSession. More may come: handle the default case.
enum class MediaError : std::uint8_t {
  kUnknownStream,   ///< Nobody is listed under that stream.
  kLegacyStream,    ///< The sender has no Hello: it can't seal.
  kClearRefused,    ///< A packet in clear on a stream that has a Hello.
  kMalformed,       ///< Bytes that are no packet of this layout.
  kNoKey,           ///< Sealed with a generation or step that is not held.
  kReplayed,        ///< Seen before, too old to tell, or not meant for this receiver.
  kAuthFailed,      ///< Altered, or sealed by somebody else.
  kNoRoom,          ///< The caller's buffer is too small.
  kNoHolders,       ///< Sealing: nobody holds the key, so nothing is sent.
  kAwaitingSwitch,  ///< Sealing: the generation is used up, the next is being handed out.
};
inline constexpr std::size_t kMediaErrors = 10;

/// What was sealed or opened. (sender, at, counter) names one packet and its nonce.
struct MediaPacket {
  std::size_t size = 0;  ///< Bytes written: a packet when sealing, a payload when opening.
  SeqNo16 seq;
  KeyStep at;
  std::uint16_t counter = 0;
};
using MediaResult = wzp::Expected<MediaPacket, MediaError>;

}  // namespace wzp::crypto::e2e
