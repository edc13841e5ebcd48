#include "cli/transform/index_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "cli/exit_code.h"
#include "cli/output/ascii_json.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& target)
      : path_((std::filesystem::path(target).parent_path() / ".safetensors-XXXXXX").string()),
        descriptor_(mkostemp(path_.data(), O_CLOEXEC)) {
    if (descriptor_ < 0) fail("create a temporary file for", target);
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!is_renamed_) unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = write(descriptor_, text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("write", path_);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // The permission bits that a new file gets, or those of the file that is replaced.
  void set_mode(const std::string& target) {
    struct stat status {};
    const mode_t mask = umask(0);
    umask(mask);
    const mode_t mode = stat(target.c_str(), &status) == 0 ? status.st_mode & 0777 : 0666 & ~mask;
    if (fchmod(descriptor_, mode) != 0) fail("set the permissions of", path_);
  }

  void sync() {
    if (fsync(descriptor_) != 0) fail("fsync", path_);
  }

  void rename_to(const std::string& target) {
    if (close(std::exchange(descriptor_, -1)) != 0) fail("close", path_);
    if (rename(path_.c_str(), target.c_str()) != 0) fail("replace", target);
    is_renamed_ = true;
  }

 private:
  [[noreturn]] static void fail(const char* action, const std::string& path) {
    const std::string reason = std::strerror(errno);
    throw IoError(std::string("cannot ") + action + ' ' + quote(path) + ": " + reason);
  }

  std::string path_;
  int descriptor_;
  bool is_renamed_ = false;
};

}  // namespace

std::string index_text(IndexContent content) {
  content.metadata.insert(content.metadata.begin(),
                          {"total_size", std::to_string(content.total_size)});
  if (content.sorted) {
    std::sort(content.metadata.begin(), content.metadata.end());
    std::sort(content.weight_map.begin(), content.weight_map.end());
  }
  std::string text = "{\n  \"metadata\": {";
  const char* before = "\n    ";
  for (const auto& [key, json] : content.metadata) {
    text += before + ascii_json_string(key) + ": " + json;
    before = ",\n    ";
  }
  text += "\n  },\n  \"weight_map\": {";
  before = "\n    ";
  for (const auto& [tensor, file] : content.weight_map) {
    text += before + ascii_json_string(tensor) + ": " + ascii_json_string(file);
    before = ",\n    ";
  }
  text += content.weight_map.empty() ? "}\n}" : "\n  }\n}";
  return content.sorted ? text + '\n' : text;
}

void replace_text_file(const std::string& path, const std::string& text, bool fsync) {
  TemporaryFile file(path);
  file.write_all(text);
  file.set_mode(path);
  if (fsync) file.sync();
  file.rename_to(path);
}

}  // namespace safetensors::cli
