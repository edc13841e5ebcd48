// Converts errno values to the errors of the core.
#pragma once

#include <string_view>

#include "error.h"

namespace st {

// The code for the errno value of a failed file operation.
Code code_of_errno(int os_error) noexcept;

// An error with the message: `what` "path": strerror. `path` may be empty.
Error os_failure(std::string_view what, std::string_view path, int os_error,
                 std::uint64_t position = no_position) noexcept;

}  // namespace st
