// What a call throws, as a value to compare.
#pragma once

#include <optional>

#include "error.h"

namespace st {

// The code of the st::Error that `action` throws; nothing if it throws none.
template <class Action>
std::optional<Code> code_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

}  // namespace st
