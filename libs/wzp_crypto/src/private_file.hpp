/// \file
/// Files that nobody else may read or write: 0600, whole or not there.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "wzp/crypto/file_error.hpp"
#include "wzp/crypto/secret.hpp"
#include "wzp/proto/bytes.hpp"

namespace wzp::crypto {

[[nodiscard]] Unexpected<FileError> file_error(Errc code, const std::filesystem::path& path,
                                               const std::string& what);

/// A regular file of the user's own, closed to others, of at most `most_bytes`.
/// Errors: kFileMissing, kFileNotPrivate, kFileMalformed (too long), kFileError.
[[nodiscard]] FileResult<SecretBytes> read_private_file(const std::filesystem::path& path,
                                                        std::size_t most_bytes);

enum class IfExists : std::uint8_t { kRefuse, kReplace };
/// Errors: kFileExists, kFileError.
[[nodiscard]] FileResult<void> write_private_file(const std::filesystem::path& path,
                                                  ByteView content, IfExists if_exists);

/// Makes the folder (0700) if there is none.
void make_private_folder_of(const std::filesystem::path& path);

}  // namespace wzp::crypto
