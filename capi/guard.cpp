#include "guard.h"

#include <algorithm>
#include <cstring>

#include "structs.h"

namespace capi {
namespace {

st_status fill(st_error* error, st_status code, int os_error, std::uint64_t position,
               std::string_view message) noexcept {
  if (!error) return code;
  st_error report = ST_ERROR_INIT;
  report.code = code;
  report.os_error = os_error;
  report.position = position;
  // The zeroed byte after the copy terminates it.
  std::memcpy(report.message, message.data(), std::min(message.size(), sizeof report.message - 1));
  write_struct(error, report);
  return code;
}

}  // namespace

bool can_report(const st_error* error) noexcept {
  return !error || caller_size<st_error>(error) != 0;
}

void report_success(st_error* error) noexcept {
  fill(error, ST_OK, 0, ST_NO_POSITION, "");
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
  return report(error, st::Error(st::Code::internal,
                                 st::Message() << "internal error: " << st::Quoted{what}));
}

}  // namespace capi
