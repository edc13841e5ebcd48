// A release callback of the caller that is called once, when this object is destroyed, if armed: a
// failed call does not arm it.
#pragma once

#include <safetensors/safetensors.h>

namespace capi {

class Releaser {
 public:
  Releaser() = default;
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;
  ~Releaser() {
    if (!release_) return;
    try {
      release_(user_data_);
    } catch (...) {  // a destructor cannot report it
    }
  }

  void arm(st_release_fn release, void* user_data) noexcept {
    release_ = release;
    user_data_ = user_data;
  }

 private:
  st_release_fn release_ = nullptr;
  void* user_data_ = nullptr;
};

}  // namespace capi
