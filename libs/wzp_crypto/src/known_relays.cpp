#include "wzp/crypto/known_relays.hpp"

#include "private_file.hpp"
#include "text_fields.hpp"
#include "wzp/crypto/hex.hpp"

namespace wzp::crypto {
namespace {

constexpr std::size_t kMostAddressBytes = 300;
constexpr std::size_t kMostFileBytes = KnownRelays::kMostRelays * (kMostAddressBytes + 66);
constexpr std::size_t kIdentityDigits = 64;

bool is_address(std::string_view text) {
  return !text.empty() && text.size() <= kMostAddressBytes && text.front() != '#' &&
         text.find_first_of(" \n") == std::string_view::npos;
}

}  // namespace

FileResult<KnownRelays> KnownRelays::load(const std::filesystem::path& path) {
  const auto content = read_private_file(path, kMostFileBytes);
  if (!content) {
    if (content.error().code == Errc::kFileMissing) return KnownRelays();
    return Unexpected(content.error());
  }
  auto parsed = parse(content->reveal_text());
  if (!parsed) return file_error(parsed.error().code, path, parsed.error().message);
  return parsed;
}

FileResult<KnownRelays> KnownRelays::parse(std::string_view text) {
  KnownRelays out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = take_until(text, '\n');
    if (line.empty() || line.front() == '#') continue;
    const std::string_view address = take_until(line, ' ');
    IdentityKey identity;
    if (!is_address(address) || line.size() != kIdentityDigits || !from_hex(line, identity.bytes) ||
        out.size() == kMostRelays) {
      return Unexpected(
          FileError{Errc::kFileMalformed,
                    "line " + std::to_string(number) + ": expected an address and 64 hex digits"});
    }
    out.note(address, identity);
  }
  return out;
}

std::string KnownRelays::to_text() const {
  std::string out;
  for (const auto& [address, identity] : relays_) {
    out += address + ' ' + to_hex(identity.bytes) + '\n';
  }
  return out;
}

FileResult<void> KnownRelays::save(const std::filesystem::path& path) const {
  make_private_folder_of(path);
  const std::string text = to_text();
  return write_private_file(path, as_byte_view(text), IfExists::kReplace);
}

KnownRelays::Seen KnownRelays::note(std::string_view address, const IdentityKey& identity) {
  const auto found = relays_.find(address);
  if (found == relays_.end()) {
    if (is_address(address) && relays_.size() < kMostRelays) {
      relays_.emplace(address, identity);
    }
    return Seen::kNew;
  }
  if (found->second == identity) return Seen::kSame;
  found->second = identity;
  return Seen::kChanged;
}

}  // namespace wzp::crypto
