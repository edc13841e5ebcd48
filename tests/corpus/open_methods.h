// The methods to open the same bytes: memory, path, descriptor, callbacks.
#pragma once

#include <safetensors/safetensors.h>

#include <cstdint>
#include <string>

namespace corpus {

enum class Way { borrowed, copied, mapped, read, mapped_descriptor, callbacks };

inline constexpr Way ways[] = {Way::borrowed,          Way::copied,   Way::mapped, Way::read,
                               Way::mapped_descriptor, Way::callbacks};

const char* name_of(Way way);

// Whether the library gets a path, which begins with /proc/self/fd/.
constexpr bool has_path(Way way) {
  return way == Way::mapped || way == Way::read;
}

// Bytes in memory and, equal to them, in a memfd.
class Specimen {
 public:
  explicit Specimen(std::string bytes);
  Specimen(const Specimen&) = delete;
  Specimen& operator=(const Specimen&) = delete;
  ~Specimen();

  const std::string& bytes() const { return bytes_; }

  // `file` must not outlive the specimen.
  st_status open(Way way, uint32_t strictness, st_file** file, st_error* error) const;

 private:
  std::string bytes_;
  int descriptor_;
};

}  // namespace corpus
