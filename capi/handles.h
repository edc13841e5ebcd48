// The opaque handles of the C ABI, and the reference counts of those that have one.
#pragma once

#include <safetensors/safetensors.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "file.h"
#include "io/bytes.h"
#include "writer.h"

struct st_file {
  explicit st_file(st::File checked) noexcept : file(std::move(checked)) {}

  std::atomic<std::uint64_t> references{1};
  const st::File file;
};

struct st_tensor {
  st_tensor(std::shared_ptr<const st::Header> from, const st::TensorEntry* of,
            st::Bytes with) noexcept
      : header(std::move(from)), entry(of), bytes(std::move(with)) {}

  std::atomic<std::uint64_t> references{1};
  const std::shared_ptr<const st::Header> header;  // contains `entry`
  const st::TensorEntry* const entry;
  const st::Bytes bytes;
};

struct st_writer {
  st_writer(const char* path, std::span<const st::TensorToSave> tensors, const st::SavePlan& plan,
            const st::FileOptions& options)
      : writer(path, tensors, plan, options) {}

  st::Writer writer;
};

namespace capi {

template <class Handle>
Handle* add_reference(Handle* handle) noexcept {
  if (handle) handle->references.fetch_add(1, std::memory_order_relaxed);
  return handle;
}

template <class Handle>
void release_reference(Handle* handle) noexcept {
  if (handle && handle->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete handle;
}

}  // namespace capi
