// Passes a C++ callable to st_open_io and rethrows its exceptions.
#ifndef SAFETENSORS_WRAPPER_IO_HPP
#define SAFETENSORS_WRAPPER_IO_HPP

#include <safetensors/wrapper/error.hpp>
#include <safetensors/wrapper/span.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace safetensors {

// Fills `buffer` with the bytes at `offset`, or throws. See File::from_io.
using ReadAt = std::function<void(std::uint64_t offset, MutableBytes buffer)>;

namespace detail {

// The user_data of File::from_io: the callable, and its exception on each thread.
struct Io {
  ReadAt read_at;
  std::mutex mutex;
  std::map<std::thread::id, std::exception_ptr> thrown;

  explicit Io(ReadAt callable) : read_at(std::move(callable)) {}

  static std::int32_t on_read(void* self, std::uint64_t offset, void* buffer,
                              std::uint64_t nbytes) {
    auto* io = static_cast<Io*>(self);
    try {
      io->read_at(offset, MutableBytes(static_cast<std::byte*>(buffer), nbytes));
      return 0;
    }
    SAFETENSORS_RETHROW_FORCED_UNWIND catch (...) {
      io->keep(std::current_exception());
      return EIO;
    }
  }
  static void on_release(void* self) noexcept { delete static_cast<Io*>(self); }

  void keep(std::exception_ptr exception) noexcept {
    try {
      const std::lock_guard<std::mutex> lock(mutex);
      thrown[std::this_thread::get_id()] = std::move(exception);
    } catch (...) {  // out of memory: the call throws the library's own Error, ST_E_IO
    }
  }
  std::exception_ptr take() {
    const std::lock_guard<std::mutex> lock(mutex);
    const auto found = thrown.find(std::this_thread::get_id());
    if (found == thrown.end()) return nullptr;
    auto exception = std::move(found->second);
    thrown.erase(found);
    return exception;
  }
};

}  // namespace detail

}  // namespace safetensors

#endif
