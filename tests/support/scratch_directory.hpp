// A directory for the files of one test case, and the content of files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scratch.h"

// Removed with everything in it.
class ScratchDirectory {
 public:
  ScratchDirectory() : path_(scratch_create()) {}
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() { scratch_remove(path_); }

  std::filesystem::path operator/(const std::string& name) const {
    return std::filesystem::path(path_) / name;
  }

  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      names.insert(entry.path().filename().string());
    return names;
  }

 private:
  char* path_;
};

inline void write_file(const std::filesystem::path& path, std::string_view content) {
  scratch_write(path.c_str(), content.data(), content.size());
}

inline void write_file(const std::filesystem::path& path, const std::vector<std::byte>& content) {
  scratch_write(path.c_str(), content.data(), content.size());
}

// `Content` is std::string or std::vector<std::byte>.
template <class Content = std::string>
Content read_file(const std::filesystem::path& path) {
  std::uint64_t size = 0;
  void* bytes = scratch_read(path.c_str(), &size);
  Content content(static_cast<std::size_t>(size), {});
  if (size > 0) std::memcpy(content.data(), bytes, static_cast<std::size_t>(size));
  std::free(bytes);
  return content;
}
