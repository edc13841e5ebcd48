// Mounts failing_fs on the directory "mount", in front of the directory "backing".
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace faults {

class FuseMount {
 public:
  // `rules` are those of failing_fs.
  explicit FuseMount(const std::vector<std::string>& rules);
  FuseMount(const FuseMount&) = delete;
  FuseMount& operator=(const FuseMount&) = delete;
  ~FuseMount();

  // Empty if the mount is there, else the reason why not.
  const std::string& failure() const { return failure_; }

 private:
  pid_t process_ = 0;
  std::string failure_;
};

}  // namespace faults
