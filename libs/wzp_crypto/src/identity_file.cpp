#include "wzp/crypto/identity_file.hpp"

#include <utility>

#include "private_file.hpp"

namespace wzp::crypto {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostBytes = 4096;

FileResult<Seed> parse(const fs::path& path, std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  if (auto seed = Seed::from_hex(text)) return std::move(*seed);
  auto seed = Seed::from_mnemonic(text);
  if (seed) return std::move(*seed);
  // One word is meant to be hex. A mistyped word is not shown: it may be a whole seed.
  const std::string why =
      seed.error().words_seen <= 1 ? message(Errc::kBadHex)
      : seed.error().code == Errc::kUnknownWord
          ? "word " + std::to_string(seed.error().position) + " is not in the BIP39 English list"
          : seed.error().message();
  return file_error(Errc::kFileMalformed, path, why);
}

}  // namespace

FileResult<Seed> load_identity_file(const fs::path& path) {
  const auto content = read_private_file(path, kMostBytes);
  if (!content) return Unexpected(content.error());
  return parse(path, content->reveal_text());
}

FileResult<void> create_identity_file(const fs::path& path, const Seed& seed) {
  const SecretBytes hex = seed.to_secret_hex();
  SecretBytes line(hex.size() + 1);
  ByteWriter out(line.writable());
  out.bytes(hex.reveal());
  out.u8('\n');
  return write_private_file(path, line.reveal(), IfExists::kRefuse);
}

FileResult<Seed> load_or_create_identity_file(const fs::path& path, Rng& rng) {
  auto loaded = load_identity_file(path);
  if (loaded || loaded.error().code != Errc::kFileMissing) return loaded;
  make_private_folder_of(path);
  Seed seed = Seed::generate(rng);
  const auto created = create_identity_file(path, seed);
  if (created) return seed;
  if (created.error().code == Errc::kFileExists) return load_identity_file(path);
  return Unexpected(created.error());
}

}  // namespace wzp::crypto
