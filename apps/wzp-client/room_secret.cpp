#include "room_secret.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "wzp/crypto/e2e_room_secret.hpp"
#include "wzp/crypto/system_rng.hpp"

namespace wzp::apps {
namespace {

constexpr const char* kEnvironment = "WZP_ROOM_SECRET";
constexpr std::size_t kMostBytes = 1024;

using Key = std::shared_ptr<const crypto::Secret<32>>;
using KeyResult = Expected<Key, std::string>;

void wipe(std::string& text) {
  crypto::wipe(std::as_writable_bytes(std::span(text.data(), text.size())));
}

/// The first line of a file.
Expected<std::string, std::string> read_secret(const std::string& path) {
  std::ifstream in(path);
  std::string text;
  if (!in || !std::getline(in, text)) {
    return Unexpected("--room-secret-file: " + path + ": cannot be read, or is empty");
  }
  if (!text.empty() && text.back() == '\r') text.pop_back();
  if (text.size() > kMostBytes) return Unexpected("--room-secret-file: " + path + ": too long");
  return text;
}

KeyResult derive(const std::string& origin, std::string text, const std::string& server_name) {
  auto psk = crypto::e2e::psk_from_text(text, server_name);
  wipe(text);
  if (psk) return Key(std::make_shared<const crypto::Secret<32>>(std::move(*psk)));
  if (psk.error() == crypto::Errc::kBadInvite) {
    return Unexpected(origin + ": an invite is wzs1. and 22 characters; this one is damaged");
  }
  return Unexpected(origin + ": a passphrase needs 16 bytes of UTF-8 or more; better is " +
                    "--new-room-secret");
}

}  // namespace

KeyResult room_psk(const ClientOptions& options, const std::string& server_name) {
  if (!options.room_secret_file.empty()) {
    auto text = read_secret(options.room_secret_file);
    if (!text) return Unexpected(text.error());
    return derive("--room-secret-file", std::move(*text), server_name);
  }
  if (!options.room_secret.empty()) {
    std::fputs(
        "wzp-client: warning: other users of this machine can see --room-secret in the list of "
        "processes; --room-secret-file or WZP_ROOM_SECRET is safer\n",
        stderr);
    return derive("--room-secret", options.room_secret, server_name);
  }
  const char* const given = std::getenv(kEnvironment);
  if (given != nullptr && *given != '\0') return derive(kEnvironment, given, server_name);
  return Key();
}

int print_new_room_secret() {
  const auto invite = crypto::e2e::Invite::generate(crypto::system_rng());
  const auto text = invite.text();
  std::printf("%.*s\n", static_cast<int>(text.size()), text.reveal_text().data());
  return 0;
}

}  // namespace wzp::apps
