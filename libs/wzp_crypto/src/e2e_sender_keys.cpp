#include "wzp/crypto/e2e_sender_keys.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <utility>

#include "e2e_digest.hpp"
#include "e2e_layout_keys.hpp"
#include "wzp/crypto/e2e_media.hpp"
#include "wzp/proto/assert.hpp"

namespace wzp::crypto::e2e {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRoundInterval{200};
constexpr milliseconds kRatchetInterval{200};
constexpr milliseconds kSwitchDelay{500};
constexpr milliseconds kMostExposure{2000};
// Where the 2 s end on a round that has only just gone out, it is given time to arrive: still
// within the 2.5 s promised.
constexpr milliseconds kArrival{250};
constexpr milliseconds kMostGrace{400};
// Epoch digits repeat every 15 generations: never are two handed out that look alike.
constexpr std::uint32_t kMostAhead = 13;

struct Generation {
  KeyStep at;
  SeqNo16 start;
  Secret<32> secret;
  LayoutKeys keys;
  bool was_given = false;
};

struct Holder {
  HolderId id;
  bool has_current = false;
  bool has_prepared = false;
  [[nodiscard]] bool has_any() const noexcept { return has_current || has_prepared; }
};

}  // namespace

struct SenderKeys::Impl {
  IdentityKey identity;
  InstanceId instance;
  Rng& rng;
  SeqNo16 next_seq;
  Generation current;
  std::optional<Generation> prepared;
  std::uint32_t highest = 0;
  std::vector<Holder> holders;  // Admitted; one without any key is waiting.
  std::deque<Gift> gifts;
  std::optional<Instant> last_round, last_ratchet;
  Instant round_at = kNever, switch_at = kNever, ratchet_at = kNever;
  Instant honour_by = kNever;  // 2 s after the oldest departure not yet honoured.

  Impl(const IdentityKey& id, const InstanceId& in, SeqNo16 first, Rng& random)
      : identity(id), instance(in), rng(random), next_seq(first), current(draw(0)) {}

  Generation draw(std::uint32_t generation) {
    Generation fresh;
    fresh.at = {generation, 0};
    fresh.start = next_seq;
    fresh.secret = Secret<32>::random(rng);
    fresh.keys = LayoutKeys::derive(fresh.secret, identity, instance, fresh.at);
    return fresh;
  }

  Holder* find(HolderId id) noexcept {
    const auto it = std::find_if(holders.begin(), holders.end(),
                                 [&](const Holder& holder) { return holder.id == id; });
    return it == holders.end() ? nullptr : &*it;
  }
  [[nodiscard]] bool has_holders() const noexcept {
    return std::any_of(holders.begin(), holders.end(),
                       [](const Holder& holder) { return holder.has_any(); });
  }
  [[nodiscard]] bool may_give_prepared() const noexcept {
    return prepared->at.generation - current.at.generation < kMostAhead;
  }
  [[nodiscard]] std::uint16_t counter() const noexcept {
    return packet_counter(next_seq, current.start);
  }

  void give(const Generation& generation, std::uint16_t from, HolderId to) {
    gifts.push_back({to, {generation.at, generation.start, from, generation.secret.duplicate()}});
  }
  void give_current(Holder& holder) {
    holder.has_current = true;
    current.was_given = true;
    give(current, counter(), holder.id);
  }
  void give_prepared(Holder& holder) {
    if (!prepared->was_given) prepared->start = next_seq;
    prepared->was_given = true;
    highest = std::max(highest, prepared->at.generation);
    holder.has_prepared = true;
    give(*prepared, 0, holder.id);
  }

  // What a newcomer gets, and when.
  void serve(Holder& holder, Instant now) {
    if (prepared) {
      if (may_give_prepared()) give_prepared(holder);
      return;  // Else the switch serves it.
    }
    if (!has_holders()) {
      give_current(holder);
    } else if (current.at.step == kLastStep) {
      prepare(now);
      if (!holder.has_prepared && may_give_prepared()) give_prepared(holder);
    } else {
      ratchet_at = last_ratchet ? std::max(now, *last_ratchet + kRatchetInterval) : now;
      if (ratchet_at <= now) ratchet(now);
    }
  }

  void ratchet(Instant now) {
    ratchet_at = kNever;
    if (std::none_of(holders.begin(), holders.end(),
                     [](const Holder& holder) { return !holder.has_any(); })) {
      return;
    }
    last_ratchet = now;
    current.secret = next_step(current.secret);
    ++current.at.step;
    current.keys = LayoutKeys::derive(current.secret, identity, instance, current.at);
    for (Holder& holder : holders) {
      if (!holder.has_any()) give_current(holder);
    }
  }

  void prepare(Instant now) {
    if (!prepared || prepared->was_given) {
      highest = std::max(highest, current.at.generation);
      prepared = draw(highest + 1);
      for (Holder& holder : holders) holder.has_prepared = false;
    }
    ratchet_at = kNever;
    if (!has_holders()) {
      switch_over(now);
      return;
    }
    switch_at = kNever;
    round_at = last_round ? std::max(now, *last_round + kRoundInterval) : now;
    if (round_at <= now) round(now);
  }

  void round(Instant now) {
    round_at = kNever;
    last_round = now;
    switch_at = now + kSwitchDelay;
    if (!may_give_prepared()) return;
    for (Holder& holder : holders) {
      if (!holder.has_prepared) give_prepared(holder);
    }
  }

  void switch_over(Instant now) {
    if (round_at != kNever) round(now);
    if (!prepared->was_given) prepared->start = next_seq;
    current = std::move(*prepared);
    prepared.reset();
    highest = std::max(highest, current.at.generation);
    round_at = switch_at = ratchet_at = honour_by = kNever;
    for (Holder& holder : holders) {
      holder.has_current = std::exchange(holder.has_prepared, false);
    }
    for (Holder& holder : holders) {
      if (!holder.has_current) give_current(holder);
    }
  }

  void remove(HolderId id, Instant now) {
    const Holder* const found = find(id);
    if (found == nullptr) return;
    const Holder gone = *found;
    holders.erase(holders.begin() + (found - holders.data()));
    gifts.erase(
        std::remove_if(gifts.begin(), gifts.end(), [&](const Gift& gift) { return gift.to == id; }),
        gifts.end());
    if (!gone.has_any()) return;
    honour_by = std::min(honour_by, now + kMostExposure);
    prepare(now);
  }

  [[nodiscard]] Instant deadline() const noexcept {
    return std::min({round_at, switch_at, ratchet_at, forced_switch()});
  }

  // When to switch because somebody left 2 s ago.
  [[nodiscard]] Instant forced_switch() const noexcept {
    if (!prepared || honour_by == kNever) return kNever;
    if (round_at != kNever || !last_round) return honour_by;
    return std::clamp(*last_round + kArrival, honour_by, honour_by + kMostGrace);
  }

  void handle_deadline(Instant now) {
    if (ratchet_at <= now) ratchet(now);
    if (round_at <= now || (round_at != kNever && honour_by <= now)) round(now);
    if (prepared && (switch_at <= now || forced_switch() <= now)) switch_over(now);
  }

  template <class Attempt>
  MediaResult seal(Layout layout, Instant now, Attempt attempt) {
    if (!has_holders()) return Unexpected(MediaError::kNoHolders);
    const std::uint16_t c = counter();
    if (c >= kGenerationPackets) {
      if (!prepared) prepare(now);
      return Unexpected(MediaError::kAwaitingSwitch);
    }
    const auto size = attempt(current.keys.of(layout), c);
    if (!size) {
      return Unexpected(size.error() == Errc::kNoRoom ? MediaError::kNoRoom
                                                      : MediaError::kMalformed);
    }
    const MediaPacket sealed{*size, next_seq, current.at, c};
    ++next_seq;
    if (c + 1 >= kGenerationNearlyUsed && !prepared) prepare(now);
    return sealed;
  }
};

SenderKeys::SenderKeys(const IdentityKey& identity, const InstanceId& instance, SeqNo16 first,
                       Rng& rng)
    : impl_(std::make_unique<Impl>(identity, instance, first, rng)) {}
SenderKeys::SenderKeys(SenderKeys&&) noexcept = default;
SenderKeys& SenderKeys::operator=(SenderKeys&&) noexcept = default;
SenderKeys::~SenderKeys() = default;

void SenderKeys::admit(HolderId who, Instant now) {
  if (impl_->find(who) != nullptr) return;
  impl_->holders.push_back({who, false, false});
  impl_->serve(impl_->holders.back(), now);
}

void SenderKeys::remove(HolderId who, Instant now) { impl_->remove(who, now); }
void SenderKeys::prepare(Instant now) { impl_->prepare(now); }

void SenderKeys::give_again(HolderId who) {
  Holder* const holder = impl_->find(who);
  if (holder == nullptr || !holder->has_any()) return;
  if (impl_->prepared && impl_->may_give_prepared()) impl_->give_prepared(*holder);
  if (holder->has_current) impl_->give_current(*holder);
}

std::optional<SenderKeys::Gift> SenderKeys::poll_gift() {
  if (impl_->gifts.empty()) return std::nullopt;
  std::optional<Gift> gift(std::move(impl_->gifts.front()));
  impl_->gifts.pop_front();
  return gift;
}

Instant SenderKeys::next_deadline() const noexcept { return impl_->deadline(); }
void SenderKeys::handle_deadline(Instant now) { impl_->handle_deadline(now); }

bool SenderKeys::is_admitted(HolderId who) const noexcept { return impl_->find(who) != nullptr; }

std::vector<HolderId> SenderKeys::holders() const {
  std::vector<HolderId> out;
  for (const Holder& holder : impl_->holders) {
    if (holder.has_any()) out.push_back(holder.id);
  }
  return out;
}

std::size_t SenderKeys::holder_count() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(impl_->holders.begin(), impl_->holders.end(),
                    [](const Holder& holder) { return holder.has_any(); }));
}

SenderKeys::Next SenderKeys::next() const noexcept {
  return {impl_->next_seq, impl_->current.at.epoch()};
}
KeyStep SenderKeys::in_use() const noexcept { return impl_->current.at; }
bool SenderKeys::is_changing() const noexcept { return impl_->prepared.has_value(); }

MediaResult SenderKeys::seal_plain(std::span<const std::byte, 12> header, ByteView payload,
                                   ByteView report, MutableBytes out, Instant now) {
  std::array<std::byte, 12> numbered{};
  std::copy(header.begin(), header.end(), numbered.begin());
  ByteWriter(MutableBytes(numbered).subspan(2, 2)).u16(impl_->next_seq.value());
  numbered[10] = std::byte{impl_->current.at.epoch()};
  return impl_->seal(Layout::kPlain, now, [&](const NumberedKey& key, std::uint16_t c) {
    return seal_layout1(key, c, numbered, payload, report, out);
  });
}

MediaResult SenderKeys::seal_media2(Layout layout, ByteView header, ByteView payload,
                                    MutableBytes out, Instant now) {
  WZP_ASSERT(layout != Layout::kPlain);
  return impl_->seal(
      layout, now, [&](const NumberedKey& key, std::uint16_t c) -> Result<std::size_t> {
        if (out.size() < header.size()) return Unexpected(Errc::kNoRoom);
        const MutableBytes box = out.subspan(header.size());
        const auto size = layout == Layout::kMedia
                              ? seal_short(key.key, key.nonce(c), header, payload, box)
                              : crypto::seal(key.key, key.nonce(c), header, payload, box);
        if (!size) return size;
        std::copy(header.begin(), header.end(), out.begin());
        return header.size() + *size;
      });
}

Sha256Hash SenderKeys::digest() const {
  Digest digest;
  digest.add(impl_->next_seq.value());
  digest.add(impl_->current.at.generation);
  digest.add(impl_->current.at.step);
  digest.add(impl_->current.secret.reveal());
  digest.add(impl_->prepared ? impl_->prepared->at.generation : 0U);
  for (const Holder& holder : impl_->holders) {
    digest.add(holder.id.value);
    digest.add(holder.has_current);
    digest.add(holder.has_prepared);
  }
  return digest.finish();
}

}  // namespace wzp::crypto::e2e
