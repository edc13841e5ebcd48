#include "cli/exit_code.h"

#include <cstdio>
#include <new>
#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

namespace {

int exit_code_of(st_status status) {
  switch (status) {
    case ST_E_CANCELLED:
      return exit_interrupted;
    case ST_E_INVALID_ARGUMENT:
    case ST_E_UNSUPPORTED:
      return exit_usage;
    default:
      break;
  }
  if (status >= 70 && status < 90) return exit_usage;
  if (status >= 40) return exit_invalid;
  return exit_io;
}

int report(const char* message, int code) noexcept {
  std::fprintf(stderr, "safetensors: %s\n", message);
  return code;
}

}  // namespace

int report_current_exception() noexcept {
  try {
    throw;
  } catch (const ClosedPipe&) {
    return exit_success;
  } catch (const UsageError& error) {
    return report(error.what(), exit_usage);
  } catch (const InvalidInput& error) {
    return report(error.what(), exit_invalid);
  } catch (const IoError& error) {
    return report(error.what(), exit_io);
  } catch (const Error& error) {
    if (error.code() == ST_E_CANCELLED) return report("interrupted", exit_interrupted);
    const int code = report(error.what(), exit_code_of(error.code()));
    return code == exit_invalid
               ? report("the command check lists all faults with their remedies", code)
               : code;
  } catch (const std::bad_alloc&) {
    return report("out of memory", exit_io);
  } catch (const std::exception& error) {
    return report(error.what(), exit_io);
  }
}

}  // namespace safetensors::cli
