/// \file
/// What a listener holds of one sender: at most three generations, and which packets it has seen.
///
/// Nothing changes before a packet has proved authentic, except a count of failures. Rules:
/// docs/wire/e2e.md, "Opening".
#pragma once

#include <memory>

#include "wzp/crypto/e2e_media.hpp"
#include "wzp/crypto/e2e_media_error.hpp"
#include "wzp/crypto/e2e_sender_key.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/hash.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::crypto::e2e {

/// Single-threaded. Opening allocates nothing unless the packet's step is above the known one.
class WZP_CRYPTO_EXPORT ReceiverKeys {
 public:
  /// After so many packets that fail to open a generation is dropped.
  static constexpr std::uint32_t kMostFailures = 65536;

  /// The identity and instance of the sender.
  ReceiverKeys(const IdentityKey& identity, const InstanceId& instance);
  ReceiverKeys(ReceiverKeys&&) noexcept;
  ReceiverKeys& operator=(ReceiverKeys&&) noexcept;
  ~ReceiverKeys();

  /// Takes a key that came from the sender. False if it is of no use: below the generation in use,
  /// or no later step of a known one.
  bool take(SenderKey key, Instant now);

  [[nodiscard]] MediaResult open_plain(const Layout1View& packet, MutableBytes out, Instant now);
  /// Layouts 2 and 3: `sealed` is ciphertext and tag, epoch and seq are those in the header.
  /// Requires: layout is not kPlain.
  [[nodiscard]] MediaResult open_media2(Layout layout, ByteView header, std::uint8_t epoch,
                                        SeqNo16 seq, ByteView sealed, MutableBytes out,
                                        Instant now);

  /// When media keys of an earlier step or generation are to be wiped.
  [[nodiscard]] Instant next_deadline() const noexcept;
  void handle_deadline(Instant now);

  [[nodiscard]] std::size_t generations() const noexcept;
  /// Generations dropped for too many failures: somebody interferes.
  [[nodiscard]] std::uint64_t dropped_generations() const noexcept;
  /// A hash over all of it but the failures.
  [[nodiscard]] Sha256Hash digest() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::crypto::e2e
