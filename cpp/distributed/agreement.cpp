#include "distributed/agreement.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

namespace safetensors {

namespace {

// Without LibTorch's stack.
std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

// LibTorch's allocator of host memory has no exception type of its own.
bool is_out_of_memory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         std::strstr(error.what_without_backtrace(), "allocate memory") != nullptr;
}

Bytes bytes_of(const Failure& failure) {
  return Bytes(reinterpret_cast<const std::byte*>(&failure), sizeof failure);
}

}  // namespace

// Allocates nothing: it reports that memory is lacking.
void Agreement::keep(st_status code, std::string_view message, int os_error,
                     std::uint64_t position) noexcept {
  std::size_t length = 0;
  const auto append = [&](std::string_view text) {
    const std::size_t count = std::min(text.size(), sizeof failure_.message - 1 - length);
    std::memcpy(failure_.message + length, text.data(), count);
    length += count;
  };
  append(message);
  std::string_view path = file_;
  if (path.size() > 2 && path.front() == '"') path = path.substr(1, path.size() - 2);
  if (message.find(path) == std::string_view::npos) {
    append(" (");
    append(file_);
    append(")");
  }
  failure_.message[length] = '\0';
  failure_.os_error = os_error;
  failure_.position = position;
  failure_.code = code;
}

void Agreement::attempt(const std::function<void()>& step) {
  if (has_failed()) return;
  try {
    step();
  } catch (const GroupFailure&) {
    throw;
  } catch (const Error& error) {
    keep(error.code(), error.what(), error.os_error(), error.position().value_or(ST_NO_POSITION));
  } catch (const std::bad_alloc&) {
    keep(ST_E_NO_MEMORY, "out of memory");
  } catch (const c10::Error& error) {
    keep(is_out_of_memory(error) ? ST_E_NO_MEMORY : ST_E_INTERNAL,
         first_line(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    keep(ST_E_INTERNAL, first_line(error.what()));
  }
}

void Agreement::attempt_callback(const std::function<void()>& step) {
  if (has_failed()) return;
  try {
    step();
  } catch (const Error& error) {
    keep(error.code(), error.what(), error.os_error());
  }
  SAFETENSORS_RETHROW_FORCED_UNWIND catch (...) {
    thrown_ = std::current_exception();
    keep(ST_E_CANCELLED, "the progress callback threw an exception");
  }
}

void Agreement::settle() {
  const std::int32_t code = failure_.code;
  const auto codes =
      group_.all_gather(Bytes(reinterpret_cast<const std::byte*>(&code), sizeof code));
  if (std::all_of(codes.begin(), codes.end(), [](std::byte b) { return b == std::byte{0}; }))
    return;

  const auto failures = group_.all_gather(bytes_of(failure_));
  if (thrown_) std::rethrow_exception(thrown_);
  for (std::size_t rank = 0; rank < group_.size(); ++rank) {
    Failure failure;
    std::memcpy(&failure, failures.data() + rank * sizeof failure, sizeof failure);
    if (failure.code == ST_OK) continue;
    throw Error(failure.code, "rank " + std::to_string(rank) + ": " + failure.message,
                failure.os_error, failure.position);
  }
}

void run_collective(const ProcessGroupPtr& process_group, std::chrono::milliseconds timeout,
                    const std::string& file,
                    const std::function<void(const Group& group, Agreement& agreement)>& run) {
  const Group group(process_group, timeout);
  Agreement agreement(group, file);
  try {
    run(group, agreement);
  } catch (const GroupFailure& failure) {
    throw Error(failure.code(),
                "rank " + std::to_string(group.rank()) + ": " + failure.what() + " (" + file + ")");
  }
}

}  // namespace safetensors
