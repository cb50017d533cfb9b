/// \file
/// The file in which a program keeps its seed.
#pragma once

#include <filesystem>
#include <string>

#include "wzp/crypto/export.hpp"
#include "wzp/crypto/file_error.hpp"
#include "wzp/crypto/seed.hpp"

namespace wzp::crypto {

/// Reads one line of 64 hex digits or 24 words. The file must be a regular one of at most 4 KiB
/// that belongs to the user and that nobody else can read or write.
/// Errors: kFileMissing, kFileNotPrivate, kFileMalformed, kFileError.
[[nodiscard]] WZP_CRYPTO_EXPORT FileResult<Seed> load_identity_file(
    const std::filesystem::path& path);

/// Writes the seed as hex with mode 0600. The file appears complete or not at all, and an existing
/// one is never replaced. Errors: kFileExists, kFileError.
[[nodiscard]] WZP_CRYPTO_EXPORT FileResult<void> create_identity_file(
    const std::filesystem::path& path, const Seed& seed);

/// Loads the file; if there is none, makes its folder (0700) and a file with a new seed.
[[nodiscard]] WZP_CRYPTO_EXPORT FileResult<Seed> load_or_create_identity_file(
    const std::filesystem::path& path, Rng& rng);

}  // namespace wzp::crypto
