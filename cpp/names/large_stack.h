// Runs a function on a thread with a large stack.
#pragma once

#include <exception>
#include <functional>

namespace safetensors {

// Calls `function` on a thread that has 256 MiB of stack, of which only the used pages need memory
// unless the program locks its memory, and waits for its end; rethrows what it throws. Throws Error
// ST_E_NO_MEMORY if the thread cannot be started.
void run_on_large_stack(const std::function<void()>& function);

}  // namespace safetensors
