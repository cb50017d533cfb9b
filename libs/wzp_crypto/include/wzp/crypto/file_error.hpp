/// \file
/// What went wrong with a file.
#pragma once

#include <string>

#include "wzp/crypto/errc.hpp"

namespace wzp::crypto {

/// One sentence for the user: `message` names the path, what was expected and what was seen. It
/// never contains a secret.
struct FileError {
  Errc code = Errc::kFileError;
  std::string message;
};
template <class T>
using FileResult = wzp::Expected<T, FileError>;

}  // namespace wzp::crypto
