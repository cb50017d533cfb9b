#include "wzp/crypto/e2e_receiver_keys.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "e2e_digest.hpp"
#include "e2e_layout_keys.hpp"
#include "wzp/crypto/replay_window.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::crypto::e2e {
namespace {

struct KeptKeys {
  LayoutKeys keys;
  Instant until;
};

struct Generation {
  KeyStep at;
  SeqNo16 start;
  std::uint16_t floor = 0;
  std::optional<Secret<32>> secret;  // None for the previous generation: only late packets open.
  LayoutKeys keys;
  Instant until = kNever;
  std::array<std::optional<KeptKeys>, kLastStep> kept;  // By step.
  CounterWindow<1024> window;
  std::uint32_t failures = 0;
};

}  // namespace

struct ReceiverKeys::Impl {
  IdentityKey identity;
  InstanceId instance;
  std::array<std::unique_ptr<Generation>, 3> slots;
  std::optional<std::uint32_t> current;  // Highest generation that a packet was opened with.
  std::uint64_t dropped = 0;
  // A dropped generation may be given again; what was seen of it is not accepted again.
  KeyStep dropped_at;
  std::uint16_t dropped_floor = 0;

  using Slot = std::unique_ptr<Generation>;

  [[nodiscard]] LayoutKeys derive(const Secret<32>& secret, KeyStep at) const {
    return LayoutKeys::derive(secret, identity, instance, at);
  }

  Generation* known(std::uint32_t generation) noexcept {
    for (const Slot& slot : slots) {
      if (slot && slot->at.generation == generation) return slot.get();
    }
    return nullptr;
  }

  // Of two generations with one epoch digit (15 apart, which a sender avoids) the newer is meant.
  Slot* named(std::uint8_t epoch, Instant now) noexcept {
    Slot* best = nullptr;
    for (Slot& slot : slots) {
      if (!slot || slot->at.epoch() >> 4 != epoch >> 4 || slot->until <= now) continue;
      if (best == nullptr || slot->at.generation > (*best)->at.generation) best = &slot;
    }
    return best;
  }

  // Room for one more, or null if it is of no use. A full table loses the previous generation, or
  // else the lowest that is not in use: that was most likely replaced before it was used.
  Slot* slot_for(std::uint32_t incoming) noexcept {
    for (Slot& slot : slots) {
      if (!slot) return &slot;
    }
    std::sort(slots.begin(), slots.end(),
              [](const Slot& a, const Slot& b) { return a->at.generation < b->at.generation; });
    if (current && slots[0]->at.generation < *current) return &slots[0];
    return incoming > slots[1]->at.generation ? &slots[1] : nullptr;
  }

  void raise_step(Generation& generation, std::uint8_t step, Instant now) {
    WZP_ASSERT(generation.secret && step > generation.at.step);
    while (generation.at.step < step) {
      generation.kept[generation.at.step].emplace(
          KeptKeys{std::move(generation.keys), now + kOldMediaKeys});
      generation.secret = next_step(*generation.secret);
      ++generation.at.step;
      generation.keys = derive(*generation.secret, generation.at);
    }
  }

  void make_current(std::uint32_t generation, Instant now) noexcept {
    if (current && generation <= *current) return;
    std::optional<std::uint32_t> before = current;
    for (const Slot& slot : slots) {
      if (current || !slot || slot->at.generation >= generation) continue;
      before = std::max(before.value_or(0), slot->at.generation);
    }
    for (Slot& slot : slots) {
      if (!slot || slot->at.generation >= generation) continue;
      if (slot->at.generation != before) {
        slot.reset();
        continue;
      }
      slot->secret.reset();
      slot->until = now + kOldMediaKeys;
    }
    current = generation;
  }

  // The key of a step that was passed, if it is still held.
  const LayoutKeys* keys_of(const Generation& generation, std::uint8_t step,
                            Instant now) const noexcept {
    if (step == generation.at.step) return &generation.keys;
    const auto& kept = generation.kept[step];
    return kept && kept->until > now ? &kept->keys : nullptr;
  }

  MediaError failed(Slot& slot, Errc why) {
    if (why == Errc::kNoRoom) return MediaError::kNoRoom;
    if (why != Errc::kAuthenticationFailed) return MediaError::kMalformed;
    if (++slot->failures >= kMostFailures) drop(slot);
    return MediaError::kAuthFailed;
  }

  void drop(Slot& slot) noexcept {
    dropped_at = slot->at;
    dropped_floor = slot->floor;
    if (const auto highest = slot->window.highest()) {
      dropped_floor = static_cast<std::uint16_t>(*highest + 1);
    }
    slot.reset();
    ++dropped;
  }

  // `attempt(key, counter)` opens the packet's bytes under a key.
  template <class Attempt>
  MediaResult open(Layout layout, std::uint8_t epoch, SeqNo16 seq, Instant now, Attempt attempt) {
    Slot* const slot = named(epoch, now);
    if (slot == nullptr) return Unexpected(MediaError::kNoKey);
    Generation& generation = **slot;
    const auto step = static_cast<std::uint8_t>(epoch & 0x0f);
    const bool ahead = step > generation.at.step;
    const LayoutKeys* keys = ahead ? nullptr : keys_of(generation, step, now);
    if (ahead ? !generation.secret.has_value() : keys == nullptr) {
      return Unexpected(MediaError::kNoKey);
    }
    const std::uint16_t counter = packet_counter(seq, generation.start);
    if (counter >= kGenerationPackets || counter < generation.floor ||
        !generation.window.would_accept(counter)) {
      return Unexpected(MediaError::kReplayed);
    }
    const KeyStep at{generation.at.generation, step};
    const auto size = ahead ? attempt(key_ahead(generation, layout, at), counter)
                            : attempt(keys->of(layout), counter);
    if (!size) return Unexpected(failed(*slot, size.error()));
    generation.window.mark(counter);
    if (ahead) raise_step(generation, step, now);
    make_current(at.generation, now);
    return MediaPacket{*size, seq, at, counter};
  }

  // From a copy: ratcheting the held secret before the packet opened would let one forged byte
  // destroy it.
  [[nodiscard]] NumberedKey key_ahead(const Generation& generation, Layout layout,
                                      KeyStep at) const {
    Secret<32> secret = generation.secret->duplicate();
    for (std::uint8_t step = generation.at.step; step < at.step; ++step) {
      secret = next_step(secret);
    }
    return media_key(secret, layout, identity, instance, at);
  }
};

ReceiverKeys::ReceiverKeys(const IdentityKey& identity, const InstanceId& instance)
    : impl_(std::make_unique<Impl>()) {
  impl_->identity = identity;
  impl_->instance = instance;
}
ReceiverKeys::ReceiverKeys(ReceiverKeys&&) noexcept = default;
ReceiverKeys& ReceiverKeys::operator=(ReceiverKeys&&) noexcept = default;
ReceiverKeys::~ReceiverKeys() = default;

bool ReceiverKeys::take(SenderKey key, Instant now) {
  if (impl_->current && key.at.generation < *impl_->current) return false;
  if (Generation* known = impl_->known(key.at.generation)) {
    if (key.at.step <= known->at.step || !known->secret) return false;
    known->kept[known->at.step].emplace(KeptKeys{std::move(known->keys), now + kOldMediaKeys});
    known->at = key.at;
    known->keys = impl_->derive(key.secret, key.at);
    known->secret = std::move(key.secret);
    return true;
  }
  auto* const slot = impl_->slot_for(key.at.generation);
  if (slot == nullptr) return false;
  auto fresh = std::make_unique<Generation>();
  fresh->at = key.at;
  fresh->start = key.start;
  fresh->floor = key.next;
  if (impl_->dropped > 0 && key.at.generation == impl_->dropped_at.generation) {
    fresh->floor = std::max(fresh->floor, impl_->dropped_floor);
  }
  fresh->keys = impl_->derive(key.secret, key.at);
  fresh->secret = std::move(key.secret);
  *slot = std::move(fresh);
  return true;
}

MediaResult ReceiverKeys::open_plain(const Layout1View& packet, MutableBytes out, Instant now) {
  return impl_->open(Layout::kPlain, packet.epoch, packet.seq, now,
                     [&](const NumberedKey& key, std::uint16_t counter) {
                       return open_layout1(key, counter, packet, out);
                     });
}

MediaResult ReceiverKeys::open_media2(Layout layout, ByteView header, std::uint8_t epoch,
                                      SeqNo16 seq, ByteView sealed, MutableBytes out, Instant now) {
  return impl_->open(layout, epoch, seq, now, [&](const NumberedKey& key, std::uint16_t counter) {
    return layout == Layout::kMedia ? open_short(key.key, key.nonce(counter), header, sealed, out)
                                    : open(key.key, key.nonce(counter), header, sealed, out);
  });
}

Instant ReceiverKeys::next_deadline() const noexcept {
  Instant at = kNever;
  for (const auto& slot : impl_->slots) {
    if (!slot) continue;
    at = std::min(at, slot->until);
    for (const auto& kept : slot->kept) {
      if (kept) at = std::min(at, kept->until);
    }
  }
  return at;
}

void ReceiverKeys::handle_deadline(Instant now) {
  for (auto& slot : impl_->slots) {
    if (!slot) continue;
    for (auto& kept : slot->kept) {
      if (kept && kept->until <= now) kept.reset();
    }
    if (slot->until <= now) slot.reset();
  }
}

std::size_t ReceiverKeys::generations() const noexcept {
  return static_cast<std::size_t>(std::count_if(impl_->slots.begin(), impl_->slots.end(),
                                                [](const auto& slot) { return slot != nullptr; }));
}

std::uint64_t ReceiverKeys::dropped_generations() const noexcept { return impl_->dropped; }

Sha256Hash ReceiverKeys::digest() const {
  Digest digest;
  digest.add(impl_->current.value_or(0));
  for (const auto& slot : impl_->slots) {
    digest.add(slot != nullptr);
    if (!slot) continue;
    digest.add(slot->at.generation);
    digest.add(slot->at.step);
    digest.add(slot->start.value());
    digest.add(slot->floor);
    if (slot->secret) digest.add(slot->secret->reveal());
    for (const NumberedKey& key : slot->keys.keys) digest.add(key.key.reveal());
    for (const auto& kept : slot->kept)
      digest.add(kept ? kept->until.time_since_epoch().count() : 0);
    digest.add(slot->window.highest().value_or(0));
    for (std::uint64_t back = 0; back < 1024 && slot->window.highest(); ++back) {
      if (back > *slot->window.highest()) break;
      digest.add(slot->window.would_accept(*slot->window.highest() - back));
    }
  }
  return digest.finish();
}

}  // namespace wzp::crypto::e2e
