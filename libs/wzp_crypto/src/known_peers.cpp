#include "wzp/crypto/known_peers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "private_file.hpp"
#include "text_fields.hpp"
#include "wzp/crypto/hex.hpp"

namespace wzp::crypto {
namespace {

constexpr std::array<std::string_view, 3> kTrustNames{"new", "accepted", "verified"};
constexpr std::size_t kIdentityDigits = 64;
constexpr std::size_t kMostAliasBytes = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string escaped(std::string_view alias) {
  std::string out;
  for (std::size_t i = 0; i < alias.size(); ++i) {
    const char c = alias[i];
    const bool at_end = i == 0 || i + 1 == alias.size();
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (is_control || c == '\\' || (c == ' ' && at_end)) {
      const std::byte raw{static_cast<unsigned char>(c)};
      out += "\\x" + to_hex(ByteView(&raw, 1));
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text[0] != '\\') {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    std::byte raw{};
    if (text.size() < 4 || text[1] != 'x' || !from_hex(text.substr(2, 2), MutableBytes(&raw, 1))) {
      return std::nullopt;
    }
    out += static_cast<char>(raw);
    text.remove_prefix(4);
  }
  if (out.size() > kMostAliasBytes) return std::nullopt;
  return out;
}

bool read_number(std::string_view text, std::int64_t& out) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc{} && stop == end && out >= 0;
}

bool read_line(std::string_view line, IdentityKey& identity, KnownPeer& peer) {
  const std::string_view digits = take_until(line, ' ');
  const std::string_view trust = take_until(line, ' ');
  const auto named = std::find(kTrustNames.begin(), kTrustNames.end(), trust);
  const auto first = take_until(line, ' ');
  const auto last = take_until(line, ' ');
  const auto alias = unescaped(line);
  if (digits.size() != kIdentityDigits || !from_hex(digits, identity.bytes) ||
      named == kTrustNames.end() || !read_number(first, peer.first_seen) ||
      !read_number(last, peer.last_seen) || !alias) {
    return false;
  }
  peer.trust = static_cast<Trust>(named - kTrustNames.begin());
  peer.alias = *alias;
  return true;
}

Unexpected<FileError> bad_line(std::size_t number) {
  return Unexpected(FileError{
      Errc::kFileMalformed,
      "line " + std::to_string(number) +
          ": expected identity, new, accepted or verified, two times, and a name of at most 64 "
          "bytes"});
}

}  // namespace

FileResult<KnownPeers> KnownPeers::load(const std::filesystem::path& path) {
  const auto content = read_private_file(path, kMostFileBytes);
  if (!content) {
    if (content.error().code == Errc::kFileMissing) return KnownPeers();
    return Unexpected(content.error());
  }
  auto parsed = parse(content->reveal_text());
  if (!parsed) return file_error(parsed.error().code, path, parsed.error().message);
  return parsed;
}

FileResult<KnownPeers> KnownPeers::parse(std::string_view text) {
  KnownPeers out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_until(text, '\n');
    if (line.empty() || line.front() == '#') continue;
    IdentityKey identity;
    KnownPeer peer;
    if (out.size() == kMostPeers || !read_line(line, identity, peer)) return bad_line(number);
    out.peers_[identity] = std::move(peer);
  }
  return out;
}

std::string KnownPeers::to_text() const {
  std::string out;
  for (const auto& [identity, peer] : peers_) {
    out += to_hex(identity.bytes) + ' ';
    out += kTrustNames[static_cast<std::size_t>(peer.trust)];
    out += ' ' + std::to_string(peer.first_seen) + ' ' + std::to_string(peer.last_seen) + ' ' +
           escaped(peer.alias) + '\n';
  }
  return out;
}

FileResult<void> KnownPeers::save(const std::filesystem::path& path) const {
  make_private_folder_of(path);
  const std::string text = to_text();
  return write_private_file(path, as_byte_view(text), IfExists::kReplace);
}

Sighting KnownPeers::note_seen(const IdentityKey& identity, std::string_view alias,
                               std::int64_t seconds) {
  alias = alias.substr(0, kMostAliasBytes);
  if (peers_.size() >= kMostPeers && find(identity) == nullptr) forget_oldest();
  const auto [found, is_new] =
      peers_.try_emplace(identity, KnownPeer{{}, Trust::kNew, seconds, seconds});
  KnownPeer& peer = found->second;
  peer.last_seen = std::max(peer.last_seen, seconds);
  const bool changed = !alias.empty() && !peer.alias.empty() && peer.alias != alias;
  if (!alias.empty()) peer.alias = alias;
  if (peer.trust == Trust::kNew && takes_verified_alias(identity, alias)) {
    return Sighting::kVerifiedAliasTaken;
  }
  if (is_new) return Sighting::kNew;
  return changed ? Sighting::kAliasChanged : Sighting::kKnown;
}

void KnownPeers::set_trust(const IdentityKey& identity, Trust trust) {
  if (peers_.size() >= kMostPeers && find(identity) == nullptr) forget_oldest();
  peers_[identity].trust = trust;
}

std::vector<IdentityKey> KnownPeers::identities() const {
  std::vector<IdentityKey> out;
  for (const auto& [identity, peer] : peers_) out.push_back(identity);
  return out;
}

const KnownPeer* KnownPeers::find(const IdentityKey& identity) const {
  const auto found = peers_.find(identity);
  return found == peers_.end() ? nullptr : &found->second;
}

bool KnownPeers::may_hear(const IdentityKey& identity, std::string_view alias) const {
  const KnownPeer* peer = find(identity);
  const Trust trust = peer != nullptr ? peer->trust : Trust::kNew;
  if (trust == Trust::kVerified) return true;
  if (verified_only_) return false;
  return trust == Trust::kAccepted || !takes_verified_alias(identity, alias);
}

bool KnownPeers::takes_verified_alias(const IdentityKey& identity, std::string_view alias) const {
  if (alias.empty()) return false;
  return std::any_of(peers_.begin(), peers_.end(), [&](const auto& entry) {
    return entry.second.trust == Trust::kVerified && entry.first != identity &&
           same_name(entry.second.alias, alias);
  });
}

/// What the user decided is kept; of the others the one not seen for longest goes.
void KnownPeers::forget_oldest() {
  auto oldest = peers_.end();
  for (auto it = peers_.begin(); it != peers_.end(); ++it) {
    if (it->second.trust != Trust::kNew) continue;
    if (oldest == peers_.end() || it->second.last_seen < oldest->second.last_seen) oldest = it;
  }
  if (oldest == peers_.end()) oldest = peers_.begin();
  peers_.erase(oldest);
}

}  // namespace wzp::crypto
