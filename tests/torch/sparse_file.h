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
#include <vector>

#include "sample.hpp"
#include "scratch_directory.hpp"

struct SparseTensor {
  std::string name;
  std::int64_t size;
};

// U8 tensors of zeros, one after the other. Returns the offset of their data.
inline off_t write_sparse_file(const std::filesystem::path& path,
                               const std::vector<SparseTensor>& tensors) {
  std::string header = "{";
  std::int64_t end = 0;
  for (const auto& [name, size] : tensors) {
    const std::int64_t begin = end;
    end += size;
    if (begin > 0) header += ',';
    header.append("\"").append(name).append(R"(":{"dtype":"U8","shape":[)");
    header.append(std::to_string(size)).append(R"(],"data_offsets":[)");
    header.append(std::to_string(begin)).append(",").append(std::to_string(end)).append("]}");
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  write_file(path, file_of(header, ""));
  const auto begin = static_cast<off_t>(8 + header.size());
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(begin + end));
  return begin;
}

// One U8 tensor "big" of `size` bytes: zeros except for the marks, by offset.
inline void write_sparse_file(const std::filesystem::path& path, std::int64_t size,
                              const std::map<std::int64_t, char>& marks) {
  const off_t begin = write_sparse_file(path, {{"big", size}});
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  bool done = fd >= 0;
  for (const auto& [place, mark] : marks)
    done = done && pwrite(fd, &mark, 1, begin + place) == 1;
  const int failure = errno;
  close(fd);
  if (!done) throw std::system_error(failure, std::generic_category(), path);
}
