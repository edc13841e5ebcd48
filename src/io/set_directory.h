// The directory of a set, and the staging directories in it: what publishing a set asks of the
// operating system. A part of io/platform.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/set_journal.h"
#include "io/platform.h"

namespace st {

// Bytes that are written in pieces, and read again. The destructor removes the file.
class SpoolFile {
 public:
  SpoolFile() = default;
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;
  virtual ~SpoolFile() = default;

  // Memory that cannot be read is an error, not a signal.
  virtual void write(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual void read(std::uint64_t offset, std::span<std::byte> bytes) const = 0;
};

// A subdirectory for the files of a set that is not published yet. Its lock is held as long as the
// object lives, which distinguishes the staging directory of a running save from that of a killed
// one. The destructor removes it with its files unless it is kept, or in a forked child.
class StagingDirectory {
 public:
  StagingDirectory() = default;
  StagingDirectory(const StagingDirectory&) = delete;
  StagingDirectory& operator=(const StagingDirectory&) = delete;
  virtual ~StagingDirectory() = default;

  // In the set's directory.
  virtual const std::string& name() const noexcept = 0;

  // A file that commit() makes visible in the staging directory. `path` is for messages.
  virtual std::unique_ptr<AtomicFile> create(const std::string& name, const std::string& path,
                                             std::uint64_t size) = 0;

  // An empty file. `path` is for messages. One at a time.
  virtual std::unique_ptr<SpoolFile> create_spool(const std::string& path) = 0;

  // A file for reading.
  virtual std::shared_ptr<const Source> open(const std::string& name) const = 0;

  // The names of the files.
  virtual std::vector<std::string> names() const = 0;

  // With Durability::fsync, syncs a file that another process wrote.
  virtual void sync(const std::string& name) = 0;

  // Nothing if it does not exist.
  virtual std::optional<FileStamp> find(const std::string& name) const = 0;
  virtual std::optional<std::string> read(const std::string& name,
                                          std::uint64_t max_size) const = 0;

  // Returns whether the file does not exist any more.
  virtual bool remove(const std::string& name) noexcept = 0;

  // Renames a file of the staging directory to `name` in the set's directory. publish() returns
  // false if `name` exists; replace() replaces it.
  virtual bool publish(const std::string& staged, const std::string& name) = 0;
  virtual void replace(const std::string& staged, const std::string& name) = 0;

  // Undoes publish(). Returns whether it could.
  virtual bool unpublish(const std::string& name, const std::string& staged) noexcept = 0;

  // Whether the destructor leaves the directory as it is: by default those that are resumable or
  // abandoned.
  virtual void keep(bool kept) noexcept = 0;

  // Whether a later StagingKind::resumable continues with it.
  virtual bool is_resumable() const noexcept = 0;
};

enum class StagingKind {
  temporary,
  resumable  // one for each set; exists until a publication removes it, and its files are durable
};

class SetDirectory {
 public:
  SetDirectory() = default;
  SetDirectory(const SetDirectory&) = delete;
  SetDirectory& operator=(const SetDirectory&) = delete;
  virtual ~SetDirectory() = default;  // removes the directory if it created it and it is empty

  // Creates a staging directory, or opens the resumable one that exists. Throws Code::io with EBUSY
  // if that is in use.
  virtual std::unique_ptr<StagingDirectory> stage(StagingKind kind) = 0;

  // Locks and returns the staging directories that killed processes left, and the resumable one if
  // it is not in use.
  virtual std::vector<std::unique_ptr<StagingDirectory>> abandoned() = 0;

  // Held while a set is published: publications to one directory follow each other. Does nothing
  // where directories cannot be locked.
  virtual std::shared_ptr<const void> lock() = 0;

  // Of the file or symbolic link `name`; nothing if it does not exist.
  virtual std::optional<FileStamp> find(const std::string& name) const = 0;

  // The content of a file, following symbolic links. Nothing if it does not exist, empty if it is
  // larger than `max_size`.
  virtual std::optional<std::string> read(const std::string& name,
                                          std::uint64_t max_size) const = 0;

  // Returns whether the file does not exist any more.
  virtual bool remove(const std::string& name) noexcept = 0;

  // With Durability::fsync, syncs the directory. `what` begins the message of an error.
  virtual void sync(const char* what) = 0;

  // The path of a name, for messages.
  virtual std::string path_of(const std::string& name) const = 0;
};

// Opens or creates the directory. `index` and `whole_file` are the names of the set's index and of
// its whole file: with mode_inherit, the new files have the permission bits of the one that exists.
// Throws
// Code::not_regular if one is neither a regular file nor a symbolic link.
std::unique_ptr<SetDirectory> open_set_directory(const char* path, const std::string& index,
                                                 const std::string& whole_file,
                                                 const FileOptions& options);

}  // namespace st
