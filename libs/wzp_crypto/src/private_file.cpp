#include "private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace wzp::crypto {
namespace {

namespace fs = std::filesystem;

class File {
 public:
  explicit File(int descriptor) noexcept : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

// For the error in errno.
Unexpected<FileError> fail_system(const fs::path& path, const char* doing) {
  const int error = errno;
  const Errc code = error == ENOENT   ? Errc::kFileMissing
                    : error == EEXIST ? Errc::kFileExists
                                      : Errc::kFileError;
  return file_error(code, path, std::string("cannot ") + doing + ": " + std::strerror(error));
}

FileResult<void> check_private(const fs::path& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    return file_error(Errc::kFileError, path, "expected a regular file");
  }
  if (status.st_uid != ::geteuid()) {
    return file_error(Errc::kFileNotPrivate, path,
                      "belongs to user " + std::to_string(status.st_uid) + ", expected " +
                          std::to_string(::geteuid()));
  }
  if ((status.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 07777));
    return file_error(
        Errc::kFileNotPrivate, path,
        std::string("has mode ") + mode + ", expected 0600: others can use your identity");
  }
  return {};
}

FileResult<SecretBytes> read_all(const fs::path& path, int descriptor, std::size_t most) {
  SecretBytes room(most + 1);
  std::size_t size = 0;
  while (size < room.size()) {
    const ssize_t n = ::read(descriptor, room.writable().data() + size, room.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_system(path, "read");
    if (n == 0) return SecretBytes::copy_of(room.reveal().first(size));
    size += static_cast<std::size_t>(n);
  }
  return file_error(Errc::kFileMalformed, path,
                    "is longer than " + std::to_string(most) + " bytes");
}

bool write_all(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

// A new file beside `path`, removed again when it goes out of scope.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& path)
      : name_(path.string() + ".XXXXXX"), file_(::mkostemp(name_.data(), O_CLOEXEC)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (file_.is_open()) ::unlink(name_.c_str());
  }
  [[nodiscard]] bool is_open() const noexcept { return file_.is_open(); }
  [[nodiscard]] bool write(ByteView bytes) const {
    return ::fchmod(file_.get(), 0600) == 0 && write_all(file_.get(), bytes) &&
           ::fsync(file_.get()) == 0;
  }
  [[nodiscard]] bool rename_to(const fs::path& path) const {
    return ::rename(name_.c_str(), path.c_str()) == 0;
  }
  // Unlike a rename, a link fails if there is something under that name already.
  [[nodiscard]] bool also_name(const fs::path& path) const {
    return ::link(name_.c_str(), path.c_str()) == 0;
  }

 private:
  std::string name_;
  File file_;
};

void sync_folder_of(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.is_open()) ::fsync(file.get());
}

}  // namespace

Unexpected<FileError> file_error(Errc code, const fs::path& path, const std::string& what) {
  return Unexpected(FileError{code, path.string() + ": " + what});
}

FileResult<SecretBytes> read_private_file(const fs::path& path, std::size_t most_bytes) {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return fail_system(path, "open");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail_system(path, "examine");
  if (auto is_private = check_private(path, status); !is_private) {
    return Unexpected(is_private.error());
  }
  return read_all(path, file.get(), most_bytes);
}

FileResult<void> write_private_file(const fs::path& path, ByteView content, IfExists if_exists) {
  const TemporaryFile file(path);
  if (!file.is_open()) return fail_system(path, "create");
  if (!file.write(content)) return fail_system(path, "write");
  const bool done = if_exists == IfExists::kReplace ? file.rename_to(path) : file.also_name(path);
  if (!done) return fail_system(path, "create");
  sync_folder_of(path);
  return {};
}

void make_private_folder_of(const fs::path& path) {
  if (!path.has_parent_path() || fs::exists(path.parent_path())) return;
  std::error_code ignored;  // What matters is whether the file can be created.
  fs::create_directories(path.parent_path(), ignored);
  fs::permissions(path.parent_path(), fs::perms::owner_all, ignored);
}

}  // namespace wzp::crypto
