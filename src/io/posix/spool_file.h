// A file for bytes whose final place is not known yet.
#pragma once

#include <string>

#include "io/posix/file_descriptor.h"
#include "io/set_directory.h"

namespace st {

class PosixSpoolFile final : public SpoolFile {
 public:
  // `directory` stays the caller's, and open. `path` is for messages.
  PosixSpoolFile(int directory, std::string path);
  ~PosixSpoolFile() override;

  void write(std::uint64_t offset, std::span<const std::byte> bytes) override;
  void read(std::uint64_t offset, std::span<std::byte> bytes) const override;

 private:
  int directory_;
  std::string path_;
  FileDescriptor file_;
};

}  // namespace st
