/// \file
/// A folder of files for browsers.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "http_message.hpp"
#include "wzp/proto/expected.hpp"

namespace wzp::gateway {

/// Everything is read into memory once: no request ever touches the disk, so none can wait for it,
/// and none can leave the folder, whatever its path says. Links and hidden files are left out.
class StaticFiles {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20U;  ///< All files together.
  static constexpr std::size_t kMaxFiles = 4096;

  StaticFiles() = default;  ///< No files.
  [[nodiscard]] static Expected<StaticFiles, std::string> load(const std::filesystem::path& folder);

  /// 200, 304, 400, 404 or 405. A folder is answered with its index.html.
  [[nodiscard]] HttpReply respond(const HttpRequest& request) const;
  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }

 private:
  struct File {
    std::string content_type;
    std::string etag;
    std::shared_ptr<const std::string> bytes;
  };
  std::map<std::string, File, std::less<>> files_;  // by path, from '/' on
};

/// By the ending of the name; "application/octet-stream" for what is not known.
[[nodiscard]] std::string_view content_type_of(std::string_view file_name);

}  // namespace wzp::gateway
