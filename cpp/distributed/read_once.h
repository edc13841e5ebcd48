// Loads the parts of all processes so that each byte of the file is read by one of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <safetensors/safetensors.hpp>
#include <vector>

#include "device/device_load.h"
#include "distributed/agreement.h"
#include "distributed/destination.h"
#include "distributed/group.h"

namespace safetensors {

struct ReadOnceLoad {
  const File& file;
  const std::vector<Destination>& destinations;  // of this process, in the order of the file
  std::optional<c10::Device> accelerator;        // of those that are not on the CPU
  bool all_have_accelerator;                     // of one type, on every process
  bool any_has_accelerator;
  std::uint64_t staging_bytes;  // the same on every process
  Advance advance;
  std::atomic<std::uint64_t>* bytes_read;
  std::uint64_t* bytes_sent;
  std::uint64_t* bytes_received;
};

// Collective. The processes tell each other the parts that they load, some tensors at a time. Then
// each reads some chunks of the file, and sends each process the bytes that are in its parts.
// Failures are left to Agreement::settle(). Throws GroupFailure, and what settle() throws.
void read_once(const Group& group, Agreement& agreement, const ReadOnceLoad& load);

}  // namespace safetensors
