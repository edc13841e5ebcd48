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
#include "cli/output/text.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

void append_escape(std::string& text, unsigned unit) {
  char escape[16];
  std::snprintf(escape, sizeof escape, "\\u%04x", unit);
  text += escape;
}

// A string as json.dumps() writes it.
std::string ascii_string(std::string_view value) {
  constexpr std::string_view characters = "\"\\\b\f\n\r\t", names = "\"\\bfnrt";
  std::string text = "\"";
  while (!value.empty()) {
    const auto [code, nbytes] = decode_utf8(value);
    const std::size_t special = characters.find(value[0]);
    if (special != std::string_view::npos) {
      text += '\\';
      text += names[special];
    } else if (code >= 0x20 && code < 0x7F) {
      text += value[0];
    } else if (code >= 0x10000) {
      append_escape(text, 0xD800 + static_cast<unsigned>((code - 0x10000) >> 10));
      append_escape(text, 0xDC00 + static_cast<unsigned>((code - 0x10000) & 0x3FF));
    } else {
      append_escape(text, nbytes == 0 ? 0xFFFD : static_cast<unsigned>(code));
    }
    value.remove_prefix(nbytes == 0 ? 1 : nbytes);
  }
  return text += '"';
}

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
    text += before + ascii_string(key) + ": " + json;
    before = ",\n    ";
  }
  text += "\n  },\n  \"weight_map\": {";
  before = "\n    ";
  for (const auto& [tensor, file] : content.weight_map) {
    text += before + ascii_string(tensor) + ": " + ascii_string(file);
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
