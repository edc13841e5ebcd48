#include "open_methods.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace corpus {
namespace {

int32_t read_at(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  const auto& bytes = *static_cast<const std::string*>(user_data);
  if (offset > bytes.size() || nbytes > bytes.size() - offset) return EFAULT;
  std::memcpy(buffer, bytes.data() + offset, nbytes);
  return 0;
}

}  // namespace

const char* name_of(Way way) {
  switch (way) {
    case Way::borrowed:
      return "borrowed memory";
    case Way::copied:
      return "copied memory";
    case Way::mapped:
      return "a mapped file";
    case Way::read:
      return "a file that is read";
    case Way::mapped_descriptor:
      return "a descriptor";
    case Way::callbacks:
      return "callbacks";
  }
  return "";
}

Specimen::Specimen(std::string bytes)
    : bytes_(std::move(bytes)), descriptor_(::memfd_create("specimen", MFD_CLOEXEC)) {
  std::size_t done = 0;
  while (descriptor_ >= 0 && done < bytes_.size()) {
    const ssize_t written = ::write(descriptor_, bytes_.data() + done, bytes_.size() - done);
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  if (descriptor_ < 0 || done < bytes_.size()) throw std::runtime_error("no file for a specimen");
}

Specimen::~Specimen() {
  ::close(descriptor_);
}

st_status Specimen::open(Way way, uint32_t strictness, st_file** file, st_error* error) const {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor_);
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  options.strictness = strictness;
  options.backend = way == Way::read ? ST_BACKEND_PREAD : ST_BACKEND_MMAP;
  switch (way) {
    case Way::copied:
      return st_open_memory_copy(bytes_.data(), bytes_.size(), &options, file, error);
    case Way::borrowed:
      return st_open_memory(bytes_.data(), bytes_.size(), nullptr, nullptr, &options, file, error);
    case Way::mapped:
    case Way::read:
      return st_open(path.c_str(), &options, file, error);
    case Way::mapped_descriptor:
      return st_open_fd(descriptor_, &options, file, error);
    case Way::callbacks:
      break;
  }
  st_io io{};
  io.size = sizeof io;
  io.nbytes = bytes_.size();
  io.user_data = const_cast<std::string*>(&bytes_);
  io.read_at = read_at;
  return st_open_io(&io, &options, file, error);
}

}  // namespace corpus
