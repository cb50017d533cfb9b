#include "wzp/crypto/handshake.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace wzp::crypto {
namespace {

constexpr std::string_view kOfferSuffix = "call-offer";
constexpr std::string_view kAnswerSuffix = "call-answer";

template <class Message>
Message signed_message(const Identity& me, const ExchangeKey& ephemeral, std::string_view suffix) {
  const Signature signature = me.sign({ephemeral.bytes, as_byte_view(suffix)});
  return {me.public_key().bytes, ephemeral.bytes, {signature.bytes.begin(), signature.bytes.end()}};
}

template <class Message>
bool is_signed(const Message& message, std::string_view suffix) {
  return verify(IdentityKey{message.identity_pub}, {message.ephemeral_pub, as_byte_view(suffix)},
                message.signature);
}

Sha256Hash transcript_of(const HandshakeOffer& offer, const HandshakeAnswer& answer) {
  constexpr std::string_view kLabel("wzp-session/2 transcript\0", 25);
  return sha256({as_byte_view(kLabel), offer.identity_pub, answer.identity_pub, offer.ephemeral_pub,
                 answer.ephemeral_pub});
}

}  // namespace

struct CallerHandshake::Impl {
  HandshakeOffer offer;
  std::optional<ExchangeKeyPair> ephemeral;  // Empty once finished.
};

CallerHandshake::CallerHandshake(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
CallerHandshake::CallerHandshake(CallerHandshake&&) noexcept = default;
CallerHandshake& CallerHandshake::operator=(CallerHandshake&&) noexcept = default;
CallerHandshake::~CallerHandshake() = default;

CallerHandshake CallerHandshake::start(const Identity& me, Rng& rng) {
  auto impl = std::make_unique<Impl>();
  impl->ephemeral.emplace(ExchangeKeyPair::generate(rng));
  impl->offer = signed_message<HandshakeOffer>(me, impl->ephemeral->public_key(), kOfferSuffix);
  return CallerHandshake(std::move(impl));
}

const HandshakeOffer& CallerHandshake::offer() const noexcept { return impl_->offer; }

Result<EstablishedKeys> CallerHandshake::finish(const HandshakeAnswer& answer) {
  if (!impl_->ephemeral) return Unexpected(Errc::kAlreadyUsed);
  if (!is_signed(answer, kAnswerSuffix)) return Unexpected(Errc::kSignatureInvalid);
  const auto shared = impl_->ephemeral->agree_with(ExchangeKey{answer.ephemeral_pub});
  if (!shared) return Unexpected(shared.error());
  impl_->ephemeral.reset();
  return EstablishedKeys{Role::kCaller, IdentityKey{answer.identity_pub},
                         first_session_key(*shared), transcript_of(impl_->offer, answer)};
}

Result<CalleeHandshake> CalleeHandshake::accept(const Identity& me, const HandshakeOffer& offer,
                                                Rng& rng) {
  if (!is_signed(offer, kOfferSuffix)) return Unexpected(Errc::kSignatureInvalid);
  const ExchangeKeyPair ephemeral = ExchangeKeyPair::generate(rng);
  const auto shared = ephemeral.agree_with(ExchangeKey{offer.ephemeral_pub});
  if (!shared) return Unexpected(shared.error());
  auto answer = signed_message<HandshakeAnswer>(me, ephemeral.public_key(), kAnswerSuffix);
  EstablishedKeys keys{Role::kCallee, IdentityKey{offer.identity_pub}, first_session_key(*shared),
                       transcript_of(offer, answer)};
  return CalleeHandshake(std::move(answer), std::move(keys));
}

}  // namespace wzp::crypto
