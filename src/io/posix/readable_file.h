// A regular file to read: through a descriptor that stays open, or one that each use opens.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "io/posix/file_descriptor.h"
#include "io/posix/read_file.h"

namespace st {

class ReadableFile {
 public:
  ReadableFile(FileDescriptor file, FileStat opened) noexcept
      : file_(std::move(file)), opened_(opened) {}

  // Each use opens `path`, relative to `directory`.
  ReadableFile(FileStat opened, std::shared_ptr<const FileDescriptor> directory, std::string path)
      : opened_(opened), directory_(std::move(directory)), path_(std::move(path)) {}

  // The file when it was opened first.
  const FileStat& opened() const noexcept { return opened_; }

  // Calls `action` with a descriptor. Throws Code::changed if the path refers to another or a
  // modified file.
  template <class Action>
  auto use(Action action) const {
    return file_ ? action(file_) : action(open_again());
  }

  // -1 unless a descriptor stays open.
  int descriptor() const noexcept { return file_.get(); }

 private:
  FileDescriptor open_again() const;

  FileDescriptor file_;
  FileStat opened_;
  std::shared_ptr<const FileDescriptor> directory_;
  std::string path_;
};

}  // namespace st
