// Sparse files with tensors of several gigabytes.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>

#include "sample.hpp"
#include "scratch_directory.hpp"

// One U8 tensor "big" of `size` bytes: zeros except for the marks, by offset.
inline void write_sparse_file(const std::filesystem::path& path, std::int64_t size,
                              const std::map<std::int64_t, char>& marks) {
  std::string header = R"({"big":{"dtype":"U8","shape":[)" + std::to_string(size) +
                       R"(],"data_offsets":[0,)" + std::to_string(size) + "]}}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  write_file(path, file_of(header, ""));
  const auto begin = static_cast<off_t>(8 + header.size());
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(begin + size));
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  bool done = fd >= 0;
  for (const auto& [place, mark] : marks)
    done = done && pwrite(fd, &mark, 1, begin + place) == 1;
  const int failure = errno;
  close(fd);
  if (!done) throw std::system_error(failure, std::generic_category(), path);
}
