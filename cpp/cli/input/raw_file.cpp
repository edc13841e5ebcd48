#include "cli/input/raw_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "cli/exit_code.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

[[noreturn]] void throw_os_error(const char* action, const std::string& path) {
  const std::string reason = std::strerror(errno);
  throw IoError(std::string(action) + quote(path) + ": " + reason);
}

std::int64_t modification_time(const struct stat& status) {
  return status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec;
}

}  // namespace

RawFile::RawFile(const std::string& path)
    : path_(path), descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  if (descriptor_ < 0) throw_os_error("cannot open ", path);
  struct stat status {};
  const bool is_known = fstat(descriptor_, &status) == 0;
  if (!is_known || !S_ISREG(status.st_mode)) {
    close(descriptor_);
    throw IoError(quote(path) + " is not a regular file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  modified_ = modification_time(status);
}

RawFile::~RawFile() {
  close(descriptor_);
}

void RawFile::verify_unchanged() const {
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) throw_os_error("cannot read ", path_);
  if (static_cast<std::uint64_t>(status.st_size) != size_ || modification_time(status) != modified_)
    throw IoError("the file was modified after it was opened, in " + quote(path_));
}

void RawFile::read_at(std::uint64_t offset, MutableBytes buffer) const {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count = pread(descriptor_, buffer.data() + done, buffer.size() - done,
                                static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_os_error("cannot read ", path_);
    if (count == 0)
      throw IoError(quote(path_) + " ends before byte " + std::to_string(offset + done));
    done += static_cast<std::size_t>(count);
  }
}

std::string RawFile::text_at(std::uint64_t offset, std::size_t nbytes) const {
  if (offset >= size_) return {};
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(nbytes, size_ - offset)), '\0');
  read_at(offset, MutableBytes(reinterpret_cast<std::byte*>(text.data()), text.size()));
  return text;
}

bool RawFile::is_zero(std::uint64_t begin, std::uint64_t end, std::uint64_t limit) const {
  constexpr std::size_t piece = std::size_t{1} << 20;
  end = std::min(end, begin + std::min(limit, size_ - begin));
  while (begin < end) {
    const std::string bytes =
        text_at(begin, static_cast<std::size_t>(std::min<std::uint64_t>(piece, end - begin)));
    if (bytes.find_first_not_of('\0') != std::string::npos) return false;
    begin += bytes.size();
  }
  return true;
}

std::uint64_t RawFile::leading_zeros(std::uint64_t limit) const {
  constexpr std::size_t piece = std::size_t{1} << 20;
  for (std::uint64_t at = 0; at < std::min(limit, size_); at += piece) {
    const std::size_t found = text_at(at, piece).find_first_not_of('\0');
    if (found != std::string::npos) return at + found;
  }
  return std::min(limit, size_);
}

std::uint64_t RawFile::hole_bytes(std::uint64_t begin) const {
  std::uint64_t holes = 0;
  auto at = static_cast<off_t>(begin);
  const auto end = static_cast<off_t>(size_);
  while (at < end) {
    const off_t hole = lseek(descriptor_, at, SEEK_HOLE);
    if (hole < 0 || hole >= end) break;
    const off_t data = lseek(descriptor_, hole, SEEK_DATA);
    const off_t next = data < 0 ? end : data;
    holes += static_cast<std::uint64_t>(next - hole);
    at = next;
  }
  return holes;
}

}  // namespace safetensors::cli
