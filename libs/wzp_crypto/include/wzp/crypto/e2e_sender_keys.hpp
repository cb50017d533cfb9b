/// \file
/// One's own media keys: generations, who holds which, and when they change.
///
/// Holders are numbered by the caller. Keys to hand out are taken with poll_gift() and must reach
/// their holder through an authenticated, confidential channel. Rules: docs/wire/e2e.md, "When keys
/// change".
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "wzp/crypto/e2e_media_error.hpp"
#include "wzp/crypto/e2e_sender_key.hpp"
#include "wzp/crypto/export.hpp"
#include "wzp/crypto/hash.hpp"
#include "wzp/proto/rng.hpp"
#include "wzp/proto/time.hpp"

namespace wzp::crypto::e2e {

/// A listener, numbered by the caller; a number is not used for another one.
struct HolderId {
  std::uint32_t value = 0;
  auto operator<=>(const HolderId&) const = default;
};

/// Single-threaded. Sealing allocates nothing; a change of keys does.
class WZP_CRYPTO_EXPORT SenderKeys {
 public:
  struct Gift {
    HolderId to;
    SenderKey key;
  };

  /// The identity and instance of the sender. `rng` must outlive this object.
  SenderKeys(const IdentityKey& identity, const InstanceId& instance, SeqNo16 first, Rng& rng);
  SenderKeys(SenderKeys&&) noexcept;
  SenderKeys& operator=(SenderKeys&&) noexcept;
  ~SenderKeys();

  /// A listener is to get keys: at once, with the next ratchet step, or after a switch.
  void admit(HolderId who, Instant now);
  /// A listener left, or is not to hear more: from then on its keys are on their way out.
  void remove(HolderId who, Instant now);
  /// Draws a generation that replaces the one in use within 700 ms.
  void prepare(Instant now);
  /// A holder lacks its keys. Ignored from others.
  void give_again(HolderId who);

  [[nodiscard]] std::optional<Gift> poll_gift();
  [[nodiscard]] Instant next_deadline() const noexcept;
  void handle_deadline(Instant now);

  /// True for those admitted, whether they were given a key yet or not.
  [[nodiscard]] bool is_admitted(HolderId who) const noexcept;
  /// Those that were given a key and did not leave.
  [[nodiscard]] std::vector<HolderId> holders() const;
  [[nodiscard]] std::size_t holder_count() const noexcept;

  /// The numbers of the next packet: what its header must hold in layouts 2 and 3.
  struct Next {
    SeqNo16 seq;
    std::uint8_t epoch = 0;
  };
  [[nodiscard]] Next next() const noexcept;
  [[nodiscard]] KeyStep in_use() const noexcept;
  /// A generation is being handed out that is not used yet.
  [[nodiscard]] bool is_changing() const noexcept;

  /// Layout 1. Bytes 2-3 and 10 of the header are overwritten with the sequence number and the
  /// epoch; `report` agrees with its Q bit. `payload` may lie where its ciphertext goes, 12 bytes
  /// into `out`.
  [[nodiscard]] MediaResult seal_plain(std::span<const std::byte, 12> header, ByteView payload,
                                       ByteView report, MutableBytes out, Instant now);
  /// Layouts 2 and 3 (tags of 8 and 16 bytes). The header was written with next(); `out` receives
  /// header, ciphertext and tag. Requires: layout is not kPlain.
  [[nodiscard]] MediaResult seal_media2(Layout layout, ByteView header, ByteView payload,
                                        MutableBytes out, Instant now);

  /// A hash over everything that decides about keys.
  [[nodiscard]] Sha256Hash digest() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wzp::crypto::e2e
