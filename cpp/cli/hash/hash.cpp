#include "cli/hash/hash.h"

#include <filesystem>
#include <memory>

#include "cli/exit_code.h"
#include "cli/hash/checksum_line.h"
#include "cli/hash/file_hash.h"
#include "cli/hash/model_hashes.h"
#include "cli/input/model.h"
#include "cli/input/model_files.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "cli/output/text.h"

namespace safetensors::cli {

namespace {

void print_file_hashes(const std::string& path, HashAlgorithm algorithm, Output& out) {
  const File file = open_model(path);
  HashRequest request{algorithm};
  request.files = true;
  const ModelHashes hashes = compute_hashes(file, request);
  const std::vector<Shard> shards = file.shards();
  for (std::size_t i = 0; i < shards.size(); ++i)
    out.print_line(checksum_text({algorithm, hashes.files[i], shards[i].path.string()}));
  const std::string index = index_path(path);
  if (!index.empty())
    out.print_line(checksum_text({algorithm, file_hash(index, algorithm), index}));
}

void print_data_hashes(const std::string& path, HashAlgorithm algorithm, Output& out) {
  const File file = open_model(path);
  HashRequest request{algorithm};
  request.data = true;
  const ModelHashes hashes = compute_hashes(file, request);
  const std::vector<Shard> shards = file.shards();
  for (std::size_t i = 0; i < shards.size(); ++i)
    out.print_line(hashes.data[i] + "  " + readable(shards[i].path.string()).text);
}

void print_tensor_hashes(const std::string& path, HashAlgorithm algorithm, Output& out) {
  const File file = open_model(path);
  HashRequest request{algorithm};
  request.tensors = true;
  const ModelHashes hashes = compute_hashes(file, request);
  std::size_t i = 0;
  for (const TensorInfo& tensor : file.tensors())
    out.print_line(hashes.tensors[i++] + "  " + readable(tensor.name).text);
}

void print_model_hash(const std::string& path, HashAlgorithm algorithm, Output& out) {
  const File file = open_model(path);
  HashRequest request{algorithm};
  request.tensors = true;
  const ModelHashes hashes = compute_hashes(file, request);
  out.print_line(model_hash(file, hashes.tensors, algorithm) + "  " + readable(path).text);
}

void print_manifest(const std::string& path, HashAlgorithm algorithm, Output& out) {
  const File file = open_model(path);
  const ModelHashes hashes = compute_hashes(file, {algorithm, true, true, true});
  Json json(out);
  json.begin_object()
      .member("path", path)
      .member("algorithm", algorithm_name(algorithm))
      .member("model", model_hash(file, hashes.tensors, algorithm))
      .key("files")
      .begin_array();
  const std::vector<Shard> shards = file.shards();
  for (std::size_t i = 0; i < shards.size(); ++i)
    json.begin_object()
        .member("file", name_in_model(path, shards[i].path))
        .member("bytes", shards[i].nbytes)
        .member("hash", hashes.files[i])
        .member("data_hash", hashes.data[i])
        .end_object();
  const std::string index = index_path(path);
  if (!index.empty())
    json.begin_object()
        .member("file", name_in_model(path, index))
        .member("bytes", std::filesystem::file_size(index))
        .member("hash", file_hash(index, algorithm))
        .key("data_hash")
        .null()
        .end_object();
  json.end_array().key("tensors").begin_array();
  std::size_t i = 0;
  for (const TensorInfo& tensor : file.tensors())
    json.begin_object()
        .member("name", tensor.name)
        .member("dtype", dtype_name(tensor.dtype))
        .member("shape", tensor.shape)
        .member("bytes", tensor.nbytes)
        .member("hash", hashes.tensors[i++])
        .end_object();
  json.end_array().end_object();
}

}  // namespace

Command hash_command() {
  const auto options = std::make_shared<HashOptions>();
  Command command;
  command.name = "hash";
  command.summary = "hashes of files, their data, each tensor, or a model";
  command.details = {
      "Prints lines of a hash and a name. Those of files are for sha256sum -c, or xxhsum -c with "
      "--algorithm xxh3, and verify; the index of a model is one of its files.",
      "The hash of the data, of a tensor and of a model does not depend on the metadata. That of a "
      "model covers the names, dtypes, shapes and bytes of its tensors, not their order and not "
      "the division into files: it is the hash of one line [\"name\",\"dtype\",[shape],\"hash of "
      "the tensor\"] for each tensor, in the order of the names, as Python's json.dumps() writes "
      "it "
      "with separators=(\",\", \":\").",
      "With --json, all of them for one PATH: a manifest for verify. XXH3 has 64 bits: it detects "
      "damage, not forgery."};
  Argument& paths = command.positionals("PATH", &options->paths, "files, directories or indexes");
  paths.required = true;
  paths.completion = Completion::Model;
  command.option("-a,--algorithm", "NAME", &options->algorithm, "sha256 if not given").choices = {
      "sha256", "xxh3"};
  command.option("--of", "WHAT", &options->of, "what is hashed; file if not given").choices = {
      "file", "data", "tensor", "model"};
  command.examples = {
      {"hash model/ > SHA256SUMS", "for sha256sum -c SHA256SUMS"},
      {"hash model/ --json > hashes.json", "for verify, which names a tensor that differs"},
      {"hash a/ b.safetensors --of model", "the same tensors in a set and in a file?"}};
  command.run = [options](Output& out) { return run_hash(*options, out); };
  return command;
}

int run_hash(const HashOptions& options, Output& out) {
  const HashAlgorithm algorithm = algorithm_from_name(options.algorithm);
  if (out.json) {
    if (options.paths.size() > 1 || options.of != "file")
      throw UsageError("--json prints all hashes of one PATH, without --of");
    print_manifest(options.paths[0], algorithm, out);
    return exit_success;
  }
  for (const std::string& path : options.paths) {
    if (options.of == "tensor" && options.paths.size() > 1)
      out.print_line("# " + readable(path).text);
    if (options.of == "file") print_file_hashes(path, algorithm, out);
    if (options.of == "data") print_data_hashes(path, algorithm, out);
    if (options.of == "tensor") print_tensor_hashes(path, algorithm, out);
    if (options.of == "model") print_model_hash(path, algorithm, out);
  }
  return exit_success;
}

}  // namespace safetensors::cli
