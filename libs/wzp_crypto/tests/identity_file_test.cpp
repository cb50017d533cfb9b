#include "wzp/crypto/identity_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <set>
#include <thread>

#include "vector_file.hpp"
#include "wzp/crypto/system_rng.hpp"

using namespace wzp;
using namespace wzp::crypto;
using namespace wzp::crypto::test;
namespace fs = std::filesystem;

namespace {

// A folder of its own for each test case.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "wzp-identity-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  [[nodiscard]] fs::path file() const { return path / "identity"; }
  void write(std::string_view content, mode_t mode = 0600) const {
    std::ofstream(file()) << content;
    REQUIRE(::chmod(file().c_str(), mode) == 0);
  }
  [[nodiscard]] Errc load_error() const {
    const auto loaded = load_identity_file(file());
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().message.find(file().string()) == 0);
    return loaded.error().code;
  }
};

Seed sample_seed() { return Seed::from_bytes(counting_bytes<32>(1)); }

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a created identity file is private, and loads as the same seed") {
  const Folder folder;
  const mode_t before = ::umask(0);
  REQUIRE(create_identity_file(folder.file(), sample_seed()));
  ::umask(before);
  CHECK(mode_of(folder.file()) == 0600);
  const auto loaded = load_identity_file(folder.file());
  REQUIRE(loaded);
  CHECK(*loaded == sample_seed());
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("an existing identity file is never replaced") {
  const Folder folder;
  folder.write("precious");
  const auto created = create_identity_file(folder.file(), sample_seed());
  REQUIRE_FALSE(created);
  CHECK(created.error().code == Errc::kFileExists);
  std::string content;
  std::ifstream(folder.file()) >> content;
  CHECK(content == "precious");
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("a file that others can read or write is refused, naming its mode") {
  const Folder folder;
  REQUIRE(create_identity_file(folder.file(), sample_seed()));
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0610, 0644, 0666}) {
    REQUIRE(::chmod(folder.file().c_str(), mode) == 0);
    const auto loaded = load_identity_file(folder.file());
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::kFileNotPrivate);
    CHECK(loaded.error().message.find("expected 0600") != std::string::npos);
  }
  REQUIRE(::chmod(folder.file().c_str(), 0400) == 0);
  CHECK(load_identity_file(folder.file()));
}

TEST_CASE("hex or words load, with or without surrounding line ends") {
  const Folder folder;
  const std::string hex(sample_seed().to_secret_hex().reveal_text());
  const std::string words(sample_seed().mnemonic().reveal_text());
  for (const auto& content : {hex, hex + "\n", hex + "\r\n", words, words + "\n"}) {
    folder.write(content);
    const auto loaded = load_identity_file(folder.file());
    REQUIRE(loaded);
    CHECK(*loaded == sample_seed());
  }
}

TEST_CASE("files with other content are refused, and their content is not shown") {
  const Folder folder;
  const std::string hex(sample_seed().to_secret_hex().reveal_text());
  const std::string words(sample_seed().mnemonic().reveal_text());
  for (const auto& content :
       {std::string(), std::string("\n"), hex.substr(1), hex + hex, hex + "\n" + hex,
        words + " art", "abandn" + words, std::string(4097, 'a'), std::string(100, '\0')}) {
    folder.write(content);
    CHECK(folder.load_error() == Errc::kFileMalformed);
    const std::string message = load_identity_file(folder.file()).error().message;
    CHECK(message.find(hex.substr(1, 20)) == std::string::npos);
    CHECK(message.find("abandn") == std::string::npos);
  }
}

TEST_CASE(
    "a missing file, a folder and a named pipe are told apart from a bad one, without hanging") {
  const Folder folder;
  CHECK(folder.load_error() == Errc::kFileMissing);
  REQUIRE(::mkfifo(folder.file().c_str(), 0600) == 0);
  CHECK(folder.load_error() == Errc::kFileError);
  fs::remove(folder.file());
  fs::create_directory(folder.file());
  CHECK(folder.load_error() == Errc::kFileError);
}

TEST_CASE("load or create makes folder and file once, then finds them again") {
  const Folder folder;
  const fs::path file = folder.path / "a" / "b" / "identity";
  const auto first = load_or_create_identity_file(file, system_rng());
  REQUIRE(first);
  CHECK(mode_of(file.parent_path()) == 0700);
  const auto second = load_or_create_identity_file(file, system_rng());
  REQUIRE(second);
  CHECK(*first == *second);
}

TEST_CASE("load or create does not replace a file it cannot read") {
  const Folder folder;
  folder.write("nonsense");
  CHECK(load_or_create_identity_file(folder.file(), system_rng()).error().code ==
        Errc::kFileMalformed);
}

TEST_CASE("a file that cannot be created is reported with its path") {
  const auto created = load_or_create_identity_file("/dev/null/identity", system_rng());
  REQUIRE_FALSE(created);
  CHECK(created.error().message.find("/dev/null/identity") == 0);
}

TEST_CASE("programs that start at the same moment end up with one identity") {
  const Folder folder;
  std::array<std::string, 8> fingerprints;
  std::vector<std::thread> threads;
  for (auto& fingerprint : fingerprints) {
    threads.emplace_back([&] {
      const auto seed = load_or_create_identity_file(folder.file(), system_rng());
      if (seed) fingerprint = seed->to_secret_hex().reveal_text();
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(std::set<std::string>(fingerprints.begin(), fingerprints.end()).size() == 1);
  CHECK(fingerprints[0].size() == 64);
}
