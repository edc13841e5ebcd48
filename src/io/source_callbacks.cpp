// Bytes that the caller reads itself.
#include <utility>

#include "error.h"
#include "io/source.h"

namespace st {
namespace {

class CallbackSource final : public Source {
 public:
  explicit CallbackSource(Callbacks callbacks) noexcept : callbacks_(std::move(callbacks)) {}

  std::uint64_t size() const noexcept override { return callbacks_.size; }

  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    if (count == 0) return;
    const std::int32_t failure = callbacks_.read_at(callbacks_.user_data, offset, buffer, count);
    if (failure != 0) {
      throw Error(Code::io,
                  Message() << "the read callback failed on " << count << " bytes at " << offset,
                  offset, failure);
    }
  }

 private:
  Callbacks callbacks_;
};

}  // namespace

std::shared_ptr<const Source> open_callbacks(Callbacks callbacks) {
  return std::make_shared<const CallbackSource>(std::move(callbacks));
}

}  // namespace st
