#include "wzp/crypto/identity_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace wzp::crypto {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostBytes = 4096;

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

Unexpected<IdentityFileError> fail(Errc code, const fs::path& path, const std::string& what) {
  return Unexpected(IdentityFileError{code, path.string() + ": " + what});
}

// For the error in errno.
Unexpected<IdentityFileError> fail_system(const fs::path& path, const char* doing) {
  const int error = errno;
  const Errc code = error == ENOENT   ? Errc::kFileMissing
                    : error == EEXIST ? Errc::kFileExists
                                      : Errc::kFileError;
  return fail(code, path, std::string("cannot ") + doing + ": " + std::strerror(error));
}

IdentityFileResult<void> check_private(const fs::path& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::kFileError, path, "expected a regular file");
  }
  if (status.st_uid != ::geteuid()) {
    return fail(Errc::kFileNotPrivate, path,
                "belongs to user " + std::to_string(status.st_uid) + ", expected " +
                    std::to_string(::geteuid()));
  }
  if ((status.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 07777));
    return fail(Errc::kFileNotPrivate, path,
                std::string("has mode ") + mode + ", expected 0600: others can use your identity");
  }
  return {};
}

IdentityFileResult<SecretBytes> read_all(const fs::path& path, int descriptor) {
  SecretBytes room(kMostBytes + 1);
  std::size_t size = 0;
  while (size < room.size()) {
    const ssize_t n = ::read(descriptor, room.writable().data() + size, room.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_system(path, "read");
    if (n == 0) return SecretBytes::copy_of(room.reveal().first(size));
    size += static_cast<std::size_t>(n);
  }
  return fail(Errc::kFileMalformed, path, "is longer than 4096 bytes");
}

IdentityFileResult<Seed> parse(const fs::path& path, std::string_view text) {
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
  return fail(Errc::kFileMalformed, path, why);
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

IdentityFileResult<Seed> load_identity_file(const fs::path& path) {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return fail_system(path, "open");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail_system(path, "examine");
  if (auto is_private = check_private(path, status); !is_private) {
    return Unexpected(is_private.error());
  }
  const auto content = read_all(path, file.get());
  if (!content) return Unexpected(content.error());
  return parse(path, content->reveal_text());
}

IdentityFileResult<void> create_identity_file(const fs::path& path, const Seed& seed) {
  const TemporaryFile file(path);
  if (!file.is_open()) return fail_system(path, "create");
  const SecretBytes hex = seed.to_secret_hex();
  SecretBytes line(hex.size() + 1);
  ByteWriter out(line.writable());
  out.bytes(hex.reveal());
  out.u8('\n');
  if (!file.write(line.reveal())) return fail_system(path, "write");
  if (!file.also_name(path)) return fail_system(path, "create");
  sync_folder_of(path);
  return {};
}

IdentityFileResult<Seed> load_or_create_identity_file(const fs::path& path, Rng& rng) {
  auto loaded = load_identity_file(path);
  if (loaded || loaded.error().code != Errc::kFileMissing) return loaded;
  if (path.has_parent_path() && !fs::exists(path.parent_path())) {
    std::error_code ignored;  // What matters is whether the file can be created.
    fs::create_directories(path.parent_path(), ignored);
    fs::permissions(path.parent_path(), fs::perms::owner_all, ignored);
  }
  Seed seed = Seed::generate(rng);
  const auto created = create_identity_file(path, seed);
  if (created) return seed;
  if (created.error().code == Errc::kFileExists) return load_identity_file(path);
  return Unexpected(created.error());
}

}  // namespace wzp::crypto
