// Passes a C++ callable to st_open_io and rethrows its exceptions.
#ifndef SAFETENSORS_WRAPPER_IO_HPP
#define SAFETENSORS_WRAPPER_IO_HPP

#include <safetensors/wrapper/error.hpp>
#include <safetensors/wrapper/span.hpp>

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

namespace safetensors {

// Fills `buffer` with the bytes at `offset`, or throws. See File::from_io.
using ReadAt = std::function<void(std::uint64_t offset, MutableBytes buffer)>;

namespace detail {

// The user_data of File::from_io: the callable, and its exception on each thread. The exceptions
// are here, not in thread-local variables: a library that uses the File has variables of its own.
// pthread.h has what <mutex> and <thread> have, which take time to compile.
class Io {
 public:
  explicit Io(ReadAt callable) : read_at_(std::move(callable)) {}
  Io(const Io&) = delete;
  Io& operator=(const Io&) = delete;
  ~Io() { pthread_mutex_destroy(&mutex_); }

  static std::int32_t on_read(void* self, std::uint64_t offset, void* buffer,
                              std::uint64_t nbytes) {
    auto* io = static_cast<Io*>(self);
    try {
      io->read_at_(offset, MutableBytes(static_cast<std::byte*>(buffer), nbytes));
      return 0;
    }
    SAFETENSORS_RETHROW_FORCED_UNWIND catch (...) {
      io->keep(std::current_exception());
      return EIO;
    }
  }
  static void on_release(void* self) noexcept { delete static_cast<Io*>(self); }

  // What the callable threw last on this thread, if a call has not taken it yet.
  std::exception_ptr take() {
    const Lock lock(&mutex_);
    const auto found = find();
    if (found == thrown_.end()) return nullptr;
    auto exception = std::move(found->exception);
    thrown_.erase(found);
    return exception;
  }

 private:
  struct Thrown {
    pthread_t thread;
    std::exception_ptr exception;
  };
  class Lock {
   public:
    explicit Lock(pthread_mutex_t* mutex) noexcept : mutex_(mutex) { pthread_mutex_lock(mutex); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock() { pthread_mutex_unlock(mutex_); }

   private:
    pthread_mutex_t* mutex_;
  };

  // Without memory for the exception, the call throws the library's own Error, ST_E_IO. A call of
  // the C ABI leaves its exception here: the next one of the thread replaces it. It is destroyed
  // without the lock, as its destructor may use the File.
  void keep(std::exception_ptr exception) noexcept {
    try {
      take();
      const Lock lock(&mutex_);
      thrown_.push_back({pthread_self(), std::move(exception)});
    } catch (...) {
    }
  }

  std::vector<Thrown>::iterator find() {
    return std::find_if(thrown_.begin(), thrown_.end(), [](const Thrown& thrown) {
      return pthread_equal(thrown.thread, pthread_self()) != 0;
    });
  }

  ReadAt read_at_;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  std::vector<Thrown> thrown_;
};

}  // namespace detail

}  // namespace safetensors

#endif
