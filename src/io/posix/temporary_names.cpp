#include "io/posix/temporary_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

#include "io/platform.h"

namespace st {
namespace {

constexpr int most_attempts = 100;

// FNV-1a: the same in every process and release, which is what finds the files of killed saves.
std::uint64_t hash_target(std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

bool try_lock(const FileDescriptor& file, int operation) noexcept {
  int result;
  do {
    result = ::flock(file.get(), operation | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

// Whether `name` is a name of the open regular file; nothing if that is unknown.
std::optional<bool> is_named(const FileDescriptor& file, int directory, const char* name) noexcept {
  struct stat opened, named;
  if (::fstat(file.get(), &opened) != 0) return std::nullopt;
  if (::fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? std::optional(false) : std::nullopt;
  }
  return S_ISREG(opened.st_mode) && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

// NFS locks exclusively only what is open for writing.
FileDescriptor open_to_lock(int directory, const char* name) noexcept {
  constexpr int flags = O_NOFOLLOW | O_NONBLOCK;
  FileDescriptor file = open_at(directory, name, O_WRONLY | flags);
  if (!file && errno != ENOENT) file = open_at(directory, name, O_RDONLY | flags);
  return file;
}

}  // namespace

std::string hexadecimal(std::uint64_t number) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4)
    text += digits[number >> shift & 15];
  return text;
}

std::string temporary_prefix(std::string_view target) {
  return ".st-" + hexadecimal(hash_target(target));
}

TemporaryNames::TemporaryNames(int directory, const std::string& target)
    : directory_(directory),
      first_(temporary_prefix(target)),
      rivals_name_(first_ + "-rivals"),
      trash_(first_ + "-trash") {}

TemporaryNames::~TemporaryNames() {
  if (lost_first_) remove_leftover(first_.c_str());
  if (rivals_) remove_rivals(std::move(rivals_));
}

void TemporaryNames::remove_leftovers() noexcept {
  ::unlinkat(directory_, trash_.c_str(), 0);
  remove_leftover(first_.c_str());
  if (FileDescriptor rivals = open_to_lock(directory_, rivals_name_.c_str())) {
    remove_rivals(std::move(rivals));
  }
}

std::optional<std::string> TemporaryNames::claim(
    const std::function<bool(const std::string&)>& create) {
  // Nothing may fail once a file has the name: there would be nobody to remove it.
  std::string name = first_;
  Leftover leftover = Leftover::removed;
  for (int attempt = 0; attempt < 2 && can_lock_ && leftover == Leftover::removed; ++attempt) {
    if (create(name)) return std::optional(std::move(name));
    if (errno != EEXIST) return std::nullopt;
    leftover = remove_leftover(first_.c_str());
  }
  if (can_lock_ && leftover != Leftover::unknown) join_rivals();
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    name = first_ + "-" + hexadecimal(random_bits());
    if (!can_lock_) name += "-unlocked";
    if (create(name)) return std::optional(std::move(name));
    if (errno != EEXIST) return std::nullopt;
  }
  errno = EEXIST;
  return std::nullopt;
}

void TemporaryNames::lock(const FileDescriptor& file) noexcept {
  can_lock_ = try_lock(file, LOCK_EX);
}

bool TemporaryNames::lock_created(const FileDescriptor& file, const std::string& name) noexcept {
  if (!can_lock_) return true;
  if (try_lock(file, LOCK_EX)) {
    if (is_named(file, directory_, name.c_str()) != false) return true;
    lost_first_ = true;
  } else if (errno == EWOULDBLOCK) {
    lost_first_ = true;
  } else {
    can_lock_ = false;
    ::unlinkat(directory_, name.c_str(), 0);
  }
  errno = EEXIST;
  return false;
}

void TemporaryNames::remove(const char* name, FileDescriptor file) noexcept {
  // Once the lock is released another save may remove `name` and create its own file as `name`.
  if (::renameat(directory_, name, directory_, trash_.c_str()) == 0) {
    file = FileDescriptor();
    ::unlinkat(directory_, trash_.c_str(), 0);
  } else {
    ::unlinkat(directory_, name, 0);
  }
}

TemporaryNames::Leftover TemporaryNames::remove_leftover(const char* name) noexcept {
  FileDescriptor file = open_to_lock(directory_, name);
  if (!file) return errno == ENOENT ? Leftover::removed : Leftover::unknown;
  if (!try_lock(file, LOCK_EX)) return errno == EWOULDBLOCK ? Leftover::in_use : Leftover::unknown;
  const auto named = is_named(file, directory_, name);
  if (!named) return Leftover::unknown;
  if (*named) remove(name, std::move(file));
  return Leftover::removed;
}

void TemporaryNames::join_rivals() noexcept {
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    constexpr int flags = O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    const char* name = rivals_name_.c_str();
    FileDescriptor rivals = open_at(directory_, name, O_RDWR | flags, 0666);
    if (!rivals) rivals = open_at(directory_, name, O_RDONLY | flags, 0666);
    if (!rivals) return;
    if (try_lock(rivals, LOCK_SH)) {
      if (is_named(rivals, directory_, name) == false) continue;
      rivals_ = std::move(rivals);
      return;
    }
    if (errno != EWOULDBLOCK) return;
  }
}

void TemporaryNames::remove_rivals(FileDescriptor rivals) noexcept {
  if (!try_lock(rivals, LOCK_EX) || is_named(rivals, directory_, rivals_name_.c_str()) != true) {
    return;
  }
  if (remove_rival_files()) remove(rivals_name_.c_str(), std::move(rivals));
}

// Returns whether none is left.
bool TemporaryNames::remove_rival_files() noexcept {
  FileDescriptor directory = open_at(directory_, ".", O_RDONLY | O_DIRECTORY);
  if (!directory) return false;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(directory.get()), ::closedir);
  if (!entries) return false;
  directory.release();  // the entries own it
  const std::size_t random_length = first_.size() + 1 + 16;
  bool all_removed = true;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (!entry) return all_removed && errno == 0;
    const std::string_view name = entry->d_name;
    if (name.size() != random_length || !name.starts_with(first_) || name[first_.size()] != '-') {
      continue;
    }
    all_removed = remove_leftover(entry->d_name) == Leftover::removed && all_removed;
  }
}

}  // namespace st
