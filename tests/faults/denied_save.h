// Saves to "file" in a child process to which system calls are denied.
#pragma once

#include <string>
#include <vector>

#include "child.h"
#include "save_request.h"

namespace faults {

using Rules = std::vector<std::string>;  // of deny_calls()

// On file systems with and without O_TMPFILE.
inline const std::vector<Rules> with_and_without_tmpfile = {{}, {"open_tmpfile=EOPNOTSUPP"}};

// Enters an empty directory; skips the test case if the kernel has no seccomp filters.
void begin_denied_save();

// For the body of a child: false if the rules could not be installed.
bool deny(const Rules& rules);

Outcome save_with(const Rules& rules, const SaveRequest& request);

void put_old_file(unsigned mode = 0644);

// Whether "file", unchanged or as the request saves it, is the only entry of the directory.
bool only_old_file_is_left();
bool only_new_file_is_left(const SaveRequest& request = {});

}  // namespace faults
