// Converts the floating-point tensors of a model to BF16 and writes it in shards:
//
//   convert SOURCE DIRECTORY [MAX_SHARD_SIZE]
//
// SOURCE is a file, an index, or a directory. Memory does not grow with the model: a tensor is
// read, converted and written in pieces. A run that was stopped continues with the shard that it
// was writing when the program is run again with the same arguments.
#include <safetensors/safetensors.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "bfloat16.h"
#include "progress_bar.h"

namespace {

using safetensors::Dtype;
using safetensors::File;
using safetensors::MutableBytes;

// Converts elements; null for dtypes that stay as they are.
using Convert = void (*)(const std::byte* source, std::byte* target, std::size_t count);

Convert conversion_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::F32:
      return bfloat16::from_float32;
    case Dtype::F64:
      return bfloat16::from_float64;
    case Dtype::F16:
      return bfloat16::from_float16;
    default:
      return nullptr;
  }
}

// Fills `buffer` with the BF16 elements of the tensor from `offset`, in bytes, on.
void read_converted(const File& file, const safetensors::TensorInfo& tensor, Convert convert,
                    std::uint64_t offset, MutableBytes buffer) {
  constexpr std::size_t bf16_size = 2;
  const std::size_t size = st_dtype_bits(static_cast<std::uint32_t>(tensor.dtype)) / 8;
  const std::size_t first = offset / bf16_size, count = buffer.size() / bf16_size;
  std::vector<std::byte> elements(count * size);
  file.read_at(tensor.file_offset + first * size, elements);
  convert(elements.data(), buffer.data(), count);
}

void convert_model(const char* source, const char* directory, std::uint64_t max_shard_size) {
  const File file = File::open_set(source);
  safetensors::SetOptions set;
  set.max_shard_size = max_shard_size;
  set.resume = true;
  safetensors::SetWriter writer(directory, set, {}, file.metadata());

  const auto tensors = file.tensors();
  std::uint64_t total = 0, done = 0;
  for (const auto& tensor : tensors)
    total += tensor.nbytes;
  ProgressBar bar("converting");
  const auto progress = bar.callback();
  for (const auto& tensor : tensors) {
    const Convert convert = conversion_of(tensor.dtype);
    const auto fill = [&](std::uint64_t offset, MutableBytes buffer) {
      if (convert) {
        read_converted(file, tensor, convert, offset, buffer);
      } else {
        file.read_at(tensor.file_offset + offset, buffer);
      }
    };
    std::uint64_t nbytes = tensor.nbytes;
    if (convert) {
      nbytes = nbytes / (st_dtype_bits(static_cast<std::uint32_t>(tensor.dtype)) / 8) * 2;
    }
    writer.add(tensor.name, convert ? Dtype::BF16 : tensor.dtype, tensor.shape, nbytes, fill);
    done += tensor.nbytes;
    if (progress) progress(done, total);
  }
  writer.commit();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: convert SOURCE DIRECTORY [MAX_SHARD_SIZE]\n");
    return 2;
  }
  try {
    convert_model(argv[1], argv[2], argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0);
    const auto shards = File::open_set(argv[2]).shards();
    std::printf("%zu %s in %s\n", shards.size(), shards.size() == 1 ? "file" : "files", argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
