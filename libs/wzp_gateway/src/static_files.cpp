#include "static_files.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "wzp/crypto/hash.hpp"
#include "wzp/crypto/hex.hpp"

namespace wzp::gateway {
namespace fs = std::filesystem;
namespace {

struct ContentType {
  std::string_view ending;
  std::string_view type;
};
constexpr ContentType kContentTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".wasm", "application/wasm"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".txt", "text/plain; charset=utf-8"},
    {".wav", "audio/wav"},
    {".mp3", "audio/mpeg"},
    {".pdf", "application/pdf"},
};

std::string etag_of(const std::string& bytes) {
  const auto hash = crypto::sha256({as_byte_view(bytes)});
  return '"' + crypto::to_hex(ByteView(hash).first(16)) + '"';
}

/// "*", or a list that has the tag, weak or not.
bool matches(std::string_view if_none_match, std::string_view etag) {
  return if_none_match == "*" || if_none_match.find(etag) != std::string_view::npos;
}

bool is_hidden(const fs::path& relative) {
  return std::any_of(relative.begin(), relative.end(),
                     [](const fs::path& part) { return part.string().starts_with('.'); });
}

}  // namespace

std::string_view content_type_of(std::string_view file_name) {
  const std::size_t dot = file_name.rfind('.');
  std::string ending(dot == std::string_view::npos ? "" : file_name.substr(dot));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const ContentType& known : kContentTypes) {
    if (known.ending == ending) return known.type;
  }
  return "application/octet-stream";
}

Expected<StaticFiles, std::string> StaticFiles::load(const fs::path& folder) {
  const auto bad = [&](const std::string& why) {
    return Unexpected("static_dir: " + folder.string() + ": " + why);
  };
  std::error_code error;
  if (!fs::is_directory(folder, error)) return bad("expected a folder");
  StaticFiles out;
  std::size_t total = 0;
  auto entry = fs::recursive_directory_iterator(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path relative = entry->path().lexically_relative(folder);
    std::error_code ignored;
    if (entry->is_symlink(ignored) || !entry->is_regular_file(ignored) || is_hidden(relative)) {
      continue;
    }
    std::ifstream in(entry->path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!in) return bad("cannot read " + relative.string());
    total += bytes.size();
    if (total > kMaxBytes || out.files_.size() >= kMaxFiles) {
      return bad("more than 4096 files or 64 MiB");
    }
    const std::string path = '/' + relative.generic_string();
    std::string tag = etag_of(bytes);
    out.files_[path] = {std::string(content_type_of(path)), std::move(tag),
                        std::make_shared<const std::string>(std::move(bytes))};
  }
  if (error) return bad(error.message());
  return out;
}

HttpReply StaticFiles::respond(const HttpRequest& request) const {
  if (!is_read_only(request)) return method_not_allowed();
  std::string path;
  if (!percent_decode(path_of(request.target), path) || !path.starts_with('/')) {
    return text_reply(400, "bad path\n");
  }
  auto file = files_.find(path);
  if (file == files_.end()) {
    file = files_.find(path + (path.ends_with('/') ? "index.html" : "/index.html"));
  }
  if (file == files_.end()) return text_reply(404, "not found\n");
  HttpReply reply;
  reply.content_type = file->second.content_type;
  reply.etag = file->second.etag;
  if (matches(request.if_none_match, reply.etag)) {
    reply.status = 304;
  } else {
    reply.body = file->second.bytes;
  }
  return reply;
}

}  // namespace wzp::gateway
