// The callbacks that callers pass, and what they return: 0 to go on, an errno value (> 0) to fail,
// a negative number to cancel.
#pragma once

#include <cstdint>

#include "error.h"

namespace st {

// Fills `buffer` with exactly `nbytes` bytes from `offset`.
using ReadAtFn = std::int32_t (*)(void* user_data, std::uint64_t offset, void* buffer,
                                  std::uint64_t nbytes);
using FillFn = ReadAtFn;

// Receives the bytes that are done and those there are in all.
using ProgressFn = std::int32_t (*)(void* user_data, std::uint64_t done, std::uint64_t total);

// Throws Code::io with the errno value or Code::cancelled unless `result` is 0. `describe(message)`
// writes what the callback did.
template <class Describe>
void check_callback(std::int32_t result, std::uint64_t position, Describe describe) {
  if (result == 0) return;
  Message message;
  describe(message);
  message << (result < 0 ? " cancelled the call" : " failed");
  throw Error(result < 0 ? Code::cancelled : Code::io, message, position, result > 0 ? result : 0);
}

}  // namespace st
