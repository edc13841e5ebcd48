// The border: nothing is thrown across it, and errno stays as it was.
#pragma once

#include <safetensors/safetensors.h>

#include <cerrno>
#include <exception>
#include <new>

#include "error.h"

namespace capi {

// Whether `error` may be written to: NULL, or a struct of a size that this library knows how to
// fill.
bool can_report(const st_error* error) noexcept;

void report_success(st_error* error) noexcept;
st_status report(st_error* error, const st::Error& failure) noexcept;
st_status report_no_memory(st_error* error) noexcept;
st_status report_internal(st_error* error, const char* what) noexcept;

// Runs one function of the C ABI. `clear` checks and zeroes the outputs, whatever else is wrong;
// `body` sets them last.
template <class Clear, class Body>
st_status guard(st_error* error, Clear&& clear, Body&& body) noexcept {
  const int saved = errno;
  const bool reportable = can_report(error);
  if (!reportable) error = nullptr;
  st_status status = ST_E_INVALID_ARGUMENT;
  try {
    clear();
    if (reportable) {
      body();
      report_success(error);
      status = ST_OK;
    }
  } catch (const st::Error& failure) {
    status = report(error, failure);
  } catch (const std::bad_alloc&) {
    status = report_no_memory(error);
  } catch (const std::exception& failure) {
    status = report_internal(error, failure.what());
  } catch (...) {
    status = report_internal(error, "an exception of unknown type");
  }
  errno = saved;
  return status;
}

// The same for a function without outputs.
template <class Body>
st_status guard(st_error* error, Body&& body) noexcept {
  return guard(
      error, [] {}, body);
}

// Throws Code::invalid_argument unless `condition`.
inline void require(bool condition, const char* what) {
  if (!condition) throw st::Error(st::Code::invalid_argument, st::Message() << what);
}

}  // namespace capi
