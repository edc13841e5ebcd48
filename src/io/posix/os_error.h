// errno as the core's errors.
#pragma once

#include <string_view>

#include "error.h"

namespace st {

// The code that an errno value of an operation on a file belongs to.
Code code_of_errno(int os_error) noexcept;

// An error that reads: `what` "path": the system's own words. `path` may be empty.
Error os_failure(std::string_view what, std::string_view path, int os_error,
                 std::uint64_t position = no_position) noexcept;

}  // namespace st
