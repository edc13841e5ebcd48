// The code and the message of the error that a call throws, as values to compare.
#pragma once

#include <optional>
#include <string>
#include <utility>

// Calls `action`; nothing if it throws no Error, which is st::Error or safetensors::Error.
template <class Error, class Action>
auto code_of(Action action) -> std::optional<decltype(std::declval<const Error&>().code())> {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

// Its message; empty if it throws no Error.
template <class Error, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}
