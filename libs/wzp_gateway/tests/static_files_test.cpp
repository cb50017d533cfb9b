// Files for browsers: what is served, what is not, and over real sockets.
#include "static_files.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "http_test_client.hpp"
#include "live_relay.hpp"

using namespace wzp::gateway;
using namespace wzp::gateway::test;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() : path(fs::temp_directory_path() / ("wzp-static-" + std::to_string(getpid()))) {
    fs::remove_all(path);
    fs::create_directories(path / "site" / "sub");
    write("site/index.html", "<h1>home</h1>");
    write("site/app.js", "let x = 1;");
    write("site/sub/index.html", "<h1>sub</h1>");
    write("site/a b.txt", "blank");
    write("site/.secret", "hidden");
    write("outside.txt", "outside");
    fs::create_symlink(path / "outside.txt", path / "site" / "link.txt");
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  void write(const char* name, const char* text) const { std::ofstream(path / name) << text; }
  fs::path path;
};

wzp::relay::WebConfig serving(const Folder& folder) {
  auto config = both_ports();
  config.static_dir = (folder.path / "site").string();
  return config;
}

}  // namespace

TEST_CASE("files have the content type of their ending") {
  CHECK(content_type_of("/index.html") == "text/html; charset=utf-8");
  CHECK(content_type_of("/x/worklet.JS") == "text/javascript; charset=utf-8");
  CHECK(content_type_of("/codec.wasm") == "application/wasm");
  CHECK(content_type_of("/icon.svg") == "image/svg+xml");
  CHECK(content_type_of("/a.b/noending") == "application/octet-stream");
  CHECK(content_type_of("/README") == "application/octet-stream");
}

TEST_CASE("a folder's files are served, its index for the folder, and nothing else") {
  const Folder folder;
  LiveRelay relay(serving(folder));
  struct Row {
    const char* target;
    unsigned status;
    const char* body;
  };
  const Row rows[] = {
      {"/", 200, "<h1>home</h1>"},
      {"/index.html", 200, "<h1>home</h1>"},
      {"/app.js?v=3", 200, "let x = 1;"},
      {"/sub", 200, "<h1>sub</h1>"},
      {"/sub/", 200, "<h1>sub</h1>"},
      {"/a%20b.txt", 200, "blank"},
      {"/nothing", 404, "not found\n"},
      {"/.secret", 404, "not found\n"},
      {"/link.txt", 404, "not found\n"},
      {"/../outside.txt", 404, "not found\n"},
      {"/..%2foutside.txt", 404, "not found\n"},
      {"/%2e%2e/outside.txt", 404, "not found\n"},
      {"/sub/../../outside.txt", 404, "not found\n"},
      {"/sub/%2e%2e%2f%2e%2e%2foutside.txt", 404, "not found\n"},
      {"/%252e%252e/outside.txt", 404, "not found\n"},
      {"/..%5coutside.txt", 404, "not found\n"},
      {"//index.html", 404, "not found\n"},
      {"/app.js%00.html", 400, "bad path\n"},
      {"/%", 400, "bad path\n"},
      {"http://other/outside.txt", 400, "bad path\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    const TestReply reply = fetch(relay.web_port, row.target);
    CHECK(reply.status == row.status);
    CHECK(reply.body == row.body);
  }
  CHECK(fetch(relay.web_port, "/metrics").status == 404);  // for administration alone
  CHECK(fetch(relay.web_port, "/", "PUT").status == 405);
}

TEST_CASE("a browser that has the file is told so, and one with an older one is not") {
  const Folder folder;
  LiveRelay relay(serving(folder));
  const TestReply first = fetch(relay.web_port, "/app.js");
  const std::string tag = first.headers.at("ETag");
  CHECK(tag.size() == 34);
  const TestReply same = fetch(relay.web_port, "/app.js", "GET", "If-None-Match: " + tag + "\r\n");
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  CHECK(same.headers.at("ETag") == tag);
  const TestReply listed =
      fetch(relay.web_port, "/app.js", "GET", "If-None-Match: \"x\", W/" + tag + "\r\n");
  CHECK(listed.status == 304);
  const TestReply head = fetch(relay.web_port, "/app.js", "HEAD");
  CHECK(head.status == 200);
  CHECK(head.headers.at("Content-Length") == "10");
  CHECK(head.headers.at("ETag") == tag);

  folder.write("site/app.js", "let x = 2;");
  CHECK(fetch(relay.web_port, "/app.js").body == "let x = 1;");  // until it is told
  REQUIRE(relay.reload(serving(folder)));
  const TestReply changed =
      fetch(relay.web_port, "/app.js", "GET", "If-None-Match: " + tag + "\r\n");
  CHECK(changed.status == 200);
  CHECK(changed.body == "let x = 2;");
}

TEST_CASE("a folder that is not there is an error that names it") {
  const auto loaded = StaticFiles::load("/nonexistent-folder");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error() == "static_dir: /nonexistent-folder: expected a folder");
}
