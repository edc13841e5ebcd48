// Agreement of all processes of a group on success, or on one error.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <safetensors/safetensors.hpp>
#include <string>
#include <string_view>

#include "distributed/group.h"

namespace safetensors {

// What failed on one process, in a form that can be sent.
struct Failure {
  std::int32_t code = ST_OK;
  std::int32_t os_error = 0;
  std::uint64_t position = ST_NO_POSITION;
  char message[1008] = "";
};

class Agreement {
 public:
  // Messages name `file`, a quoted path or other description, if the error's own text does not have
  // the path.
  Agreement(const Group& group, std::string file) : group_(group), file_(std::move(file)) {}

  // Runs a step of this process, which calls no collective, unless one failed before. Keeps what it
  // throws for settle(), except GroupFailure.
  void attempt(const std::function<void()>& step);

  // The same for the caller's progress callback: what it throws, other than Error, passes through
  // settle() on this process.
  void attempt_callback(const std::function<void()>& step);

  bool has_failed() const noexcept { return failure_.code != ST_OK; }

  // Collective. If a step failed on any process, throws the same Error on each: that of the lowest
  // rank.
  void settle();

 private:
  void keep(st_status code, std::string_view message, int os_error = 0,
            std::uint64_t position = ST_NO_POSITION) noexcept;

  const Group& group_;
  std::string file_;
  Failure failure_;
  std::exception_ptr thrown_;  // by the callback
};

// Runs what all processes of a group do together. GroupFailure becomes an Error that names this
// rank and `file`, as in Agreement.
void run_collective(const ProcessGroupPtr& group, std::chrono::milliseconds timeout,
                    const std::string& file,
                    const std::function<void(const Group& group, Agreement& agreement)>& run);

}  // namespace safetensors
