// The callbacks that callers pass, and how their results become errors: 0 continues, an errno value
// (> 0) fails, a negative number cancels, and so does an exception.
#pragma once

#include <cxxabi.h>

#include <cstdint>
#include <exception>

#include "error.h"

namespace st {

// Fills `buffer` with exactly `nbytes` bytes from `offset`.
using ReadAtFn = std::int32_t (*)(void* user_data, std::uint64_t offset, void* buffer,
                                  std::uint64_t nbytes);
using FillFn = ReadAtFn;

// Receives `nbytes` bytes of a file to append; `offset` is the number of bytes before them.
using WriteFn = std::int32_t (*)(void* user_data, std::uint64_t offset, const void* buffer,
                                 std::uint64_t nbytes);

// Receives the number of bytes that are done and their total.
using ProgressFn = std::int32_t (*)(void* user_data, std::uint64_t done, std::uint64_t total);

// Runs `call`, which calls the callback. Throws Code::io with the errno value or Code::cancelled
// unless it returns 0. `describe(message)` writes which callback it was and what it was asked for.
template <class Call, class Describe>
void run_callback(std::uint64_t position, Call call, Describe describe) {
  Message message;
  std::int32_t result = -1;
  try {
    result = call();
    if (result == 0) return;
    describe(message);
    message << (result < 0 ? " cancelled the call" : " failed");
#ifdef __GLIBCXX__
  } catch (const abi::__forced_unwind&) {
    throw;  // pthread_exit in the callback
#endif
  } catch (const std::exception& exception) {
    describe(message);
    message << " threw an exception: " << Quoted{exception.what()};
  } catch (...) {
    describe(message);
    message << " threw an exception";
  }
  throw Error(result < 0 ? Code::cancelled : Code::io, message, position, result > 0 ? result : 0);
}

}  // namespace st
