#include "distributed/save_messages.h"

#include <unordered_map>
#include <utility>

#include "names/quote.h"

namespace safetensors {

std::uint64_t nbytes_of(const DeclaredTensor& tensor) {
  std::uint64_t bits = dtype_bits(tensor.dtype);
  for (const std::uint64_t extent : tensor.shape)
    bits *= extent;
  return bits / 8;
}

void encode_declaration(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
                        const PartIntervals& part, ByteWriter* bytes) {
  bytes->text(name);
  bytes->number(static_cast<std::uint64_t>(dtype));
  bytes->number(shape.size());
  for (const std::uint64_t extent : shape)
    bytes->number(extent);
  encode_part(&part, shape, bytes);
}

std::vector<DeclaredTensor> join_declarations(const std::vector<std::vector<std::byte>>& encoded) {
  std::vector<DeclaredTensor> tensors;
  std::unordered_map<std::string, std::size_t> positions;
  for (std::size_t process = 0; process < encoded.size(); ++process) {
    ByteReader reader{Bytes(encoded[process])};
    for (std::uint64_t left = reader.number(); left > 0; --left) {
      DeclaredTensor tensor;
      tensor.name = reader.text();
      tensor.dtype = static_cast<Dtype>(reader.number());
      for (std::uint64_t dims = reader.number(); dims > 0; --dims)
        tensor.shape.push_back(reader.number());
      PartIntervals part;
      decode_part(tensor.shape, &reader, &part);

      const auto [found, is_new] = positions.emplace(tensor.name, tensors.size());
      if (is_new) {
        tensor.parts.resize(encoded.size());
        tensors.push_back(std::move(tensor));
      } else if (tensors[found->second].dtype != tensor.dtype ||
                 tensors[found->second].shape != tensor.shape) {
        throw Error(ST_E_INVALID_ARGUMENT, "tensor " + quote(tensor.name) + " of rank " +
                                               std::to_string(process) +
                                               " has another dtype or shape than on a lower rank");
      }
      auto& known = tensors[found->second].parts[process];
      if (known)
        throw Error(ST_E_DUPLICATE, "rank " + std::to_string(process) + " has two tensors " +
                                        quote(tensors[found->second].name));
      known = std::move(part);
    }
  }
  return tensors;
}

void encode_files(const StagedFiles& files, ByteWriter* bytes) {
  bytes->number(files.paths.size());
  for (const std::filesystem::path& path : files.paths)
    bytes->text(path.native());
  for (const std::uint64_t shard : files.shard_of)
    bytes->number(shard);
  bytes->number(static_cast<std::uint64_t>(files.durability));
  bytes->number(files.alignment);
  bytes->number(files.staging_bytes);
  bytes->number(files.metadata.size());
  for (const auto& [key, value] : files.metadata) {
    bytes->text(key);
    bytes->text(value);
  }
}

StagedFiles decode_files(Bytes bytes, std::size_t tensor_count) {
  ByteReader reader(bytes);
  StagedFiles files;
  for (std::uint64_t left = reader.number(); left > 0; --left)
    files.paths.emplace_back(reader.text());
  for (std::size_t i = 0; i < tensor_count; ++i)
    files.shard_of.push_back(reader.number());
  files.durability = static_cast<Durability>(reader.number());
  files.alignment = reader.number();
  files.staging_bytes = reader.number();
  for (std::uint64_t left = reader.number(); left > 0; --left) {
    std::string key = reader.text();
    files.metadata.emplace(std::move(key), reader.text());
  }
  return files;
}

}  // namespace safetensors
