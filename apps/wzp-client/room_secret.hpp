/// \file
/// The room secret, wherever the user put it.
#pragma once

#include <memory>
#include <string>

#include "options.hpp"
#include "wzp/crypto/secret.hpp"
#include "wzp/proto/expected.hpp"

namespace wzp::apps {

/// The key of the room secret that the options or the environment name; null without one. An error
/// is one line for people.
[[nodiscard]] Expected<std::shared_ptr<const crypto::Secret<32>>, std::string> room_psk(
    const ClientOptions& options, const std::string& server_name);

/// Prints a fresh one; the exit code.
int print_new_room_secret();

}  // namespace wzp::apps
