// Exception barrier of the C ABI: maps exceptions to st_status and preserves errno.
#pragma once

#include <safetensors/safetensors.h>

#include <cxxabi.h>

#include <exception>
#include <new>
#include <type_traits>

#include "error.h"
#include "io/platform.h"

namespace capi {

// Whether `error` can be written to: NULL, or a struct of a valid size.
bool can_report(const st_error* error) noexcept;

// `error` may be NULL.
void report_success(st_error* error) noexcept;
st_status report(st_error* error, const st::Error& failure) noexcept;
st_status report_no_memory(st_error* error) noexcept;
st_status report_internal(st_error* error, const char* what) noexcept;

// Runs one function of the C ABI. `clear` checks and zeroes the outputs, even if other arguments
// are invalid; `body` sets them last. `body` returns nothing, or the status of a failure that it
// has reported.
template <class Clear, class Body>
st_status guard(st_error* error, Clear&& clear, Body&& body) {
  const st::CallScope scope;
  const bool reportable = can_report(error);
  if (!reportable) error = nullptr;
  try {
    clear();
    if (!reportable) return ST_E_INVALID_ARGUMENT;
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
    } else {
      if (const st_status status = body(); status != ST_OK) return status;
    }
    report_success(error);
    return ST_OK;
  } catch (const st::Error& failure) {
    return report(error, failure);
  } catch (const std::bad_alloc&) {
    return report_no_memory(error);
  } catch (const std::exception& failure) {
    return report_internal(error, failure.what());
#ifdef __GLIBCXX__
  } catch (const abi::__forced_unwind&) {
    throw;  // pthread_exit in a callback: glibc aborts if its unwinding is stopped
#endif
  } catch (...) {
    return report_internal(error, "an exception of unknown type");
  }
}

// The same for a function without outputs.
template <class Body>
st_status guard(st_error* error, Body&& body) {
  return guard(
      error, [] {}, body);
}

// Throws Code::invalid_argument unless `condition`.
inline void require(bool condition, const char* what) {
  if (!condition) throw st::Error(st::Code::invalid_argument, st::Message() << what);
}

// The caller's text. Throws Code::invalid_argument for NULL with a length.
inline std::string_view text_of(const char* text, std::uint64_t length, const char* parameter) {
  if (!text && length != 0) {
    throw st::Error(st::Code::invalid_argument, st::Message() << parameter << " is NULL");
  }
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace capi
