#include "io/posix/readable_file.h"

#include "error.h"

namespace st {

FileDescriptor ReadableFile::open_again() const {
  constexpr char replaced[] = "was replaced, modified or removed after it was opened";
  try {
    FileDescriptor file = open_for_reading(directory_->get(), path_.c_str(), path_.c_str());
    if (stat_regular_file(file, path_.c_str()) == opened_) return file;
  } catch (const Error& error) {
    if (error.code() != Code::not_found && error.code() != Code::not_regular) throw;
  }
  throw Error(Code::changed, Message() << "the file " << replaced);
}

}  // namespace st
