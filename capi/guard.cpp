#include "guard.h"

#include <cstring>
#include <type_traits>

#include "structs.h"

namespace capi {
namespace {

st_status fill(st_error* error, st_status code, int os_error, std::uint64_t position,
               const char* message) noexcept {
  if (error) {
    error->code = code;
    error->os_error = os_error;
    error->reserved = 0;
    error->position = position;
    std::strncpy(error->message, message, sizeof error->message - 1);
    error->message[sizeof error->message - 1] = '\0';
  }
  return code;
}

}  // namespace

bool can_report(const st_error* error) noexcept {
  return !error || (error->size >= sizeof(st_error) && error->size <= largest_struct);
}

void report_success(st_error* error) noexcept {
  if (!error) return;
  error->code = ST_OK;
  error->os_error = 0;
  error->reserved = 0;
  error->position = ST_NO_POSITION;
  error->message[0] = '\0';
}

st_status report(st_error* error, const st::Error& failure) noexcept {
  static_assert(sizeof(st_error::message) == st::message_size);
  return fill(error, static_cast<st_status>(failure.code()), failure.os_error(), failure.position(),
              failure.what());
}

st_status report_no_memory(st_error* error) noexcept {
  return fill(error, ST_E_NO_MEMORY, 0, ST_NO_POSITION, "not enough memory");
}

st_status report_internal(st_error* error, const char* what) noexcept {
  return fill(error, ST_E_INTERNAL, 0, ST_NO_POSITION, what);
}

}  // namespace capi
