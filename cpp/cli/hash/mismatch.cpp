#include "cli/hash/mismatch.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "cli/hash/file_hash.h"
#include "cli/hash/model_hashes.h"
#include "cli/input/model.h"
#include "cli/input/model_files.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

// Compares the files of a model with a manifest.
class Comparison {
 public:
  Comparison(const Manifest& manifest, const std::string& path)
      : manifest_(manifest), path_(path), file_(open_model(path)), shards_(file_.shards()) {
    for (const Shard& shard : shards_)
      names_.push_back(name_in_model(path, shard.path));
  }

  // Returns whether the files are those of the manifest.
  bool compare_files() {
    HashRequest request{manifest_.algorithm};
    request.files = true;
    const std::vector<std::string> found = compute_hashes(file_, request).files;
    ExpectedFiles expected;
    for (const ManifestFile& file : manifest_.files)
      expected.emplace(file.name, &file);
    // A single file may have another name.
    if (shards_.size() == 1 && manifest_.files.size() == 1)
      expected = {{names_[0], &manifest_.files[0]}};
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      const auto entry = expected.find(names_[i]);
      if (entry == expected.end()) {
        add_file("unknown_file", names_[i], {}, found[i], "is not in the manifest");
        continue;
      }
      if (entry->second->hash != found[i])
        add_file("file", names_[i], entry->second->hash, found[i], "differs");
      expected.erase(entry);
    }
    compare_index(expected);
    for (const auto& [name, file] : expected)
      add_file("missing_file", std::string(name), file->hash, {}, "is missing");
    return mismatches_.empty();
  }

  void compare_tensors() {
    HashRequest request{manifest_.algorithm};
    request.tensors = true;
    const std::vector<std::string> hashes = compute_hashes(file_, request).tensors;
    std::map<std::string_view, const ManifestTensor*> expected;
    for (const ManifestTensor& tensor : manifest_.tensors)
      expected.emplace(tensor.name, &tensor);
    const std::size_t files = mismatches_.size();
    std::size_t i = 0;
    for (const TensorInfo& tensor : file_.tensors()) {
      const std::string& hash = hashes[i++];
      const auto entry = expected.find(tensor.name);
      if (entry == expected.end()) {
        add_tensor("unknown_tensor", tensor, {}, hash, "is not in the manifest");
        continue;
      }
      compare(tensor, hash, *entry->second);
      expected.erase(entry);
    }
    for (const auto& [name, tensor] : expected)
      mismatches_.push_back({"missing_tensor",
                             {},
                             tensor->name,
                             0,
                             0,
                             tensor->hash,
                             {},
                             "tensor " + quote(name) + " is missing"});
    has_same_tensors_ = mismatches_.size() == files;
  }

  std::vector<Mismatch> result() {
    if (has_same_tensors_)
      for (Mismatch& mismatch : mismatches_)
        if (mismatch.code == "file") {
          mismatch.code = "header";
          mismatch.message = "the header of " + quote(mismatch.file) +
                             " differs, such as its metadata; all tensors are the same";
        }
    return std::move(mismatches_);
  }

 private:
  using ExpectedFiles = std::map<std::string_view, const ManifestFile*>;

  // Compares the index and removes its entry.
  void compare_index(ExpectedFiles& expected) {
    const std::string index = index_path(path_);
    if (index.empty()) return;
    const std::string name = name_in_model(path_, index);
    const std::string found = file_hash(index, manifest_.algorithm);
    const auto entry = expected.find(name);
    if (entry == expected.end())
      return add_file("unknown_file", name, {}, found, "is not in the manifest");
    if (entry->second->hash != found)
      add_file("index", name, entry->second->hash, found, "differs");
    expected.erase(entry);
  }

  void compare(const TensorInfo& tensor, const std::string& hash, const ManifestTensor& expected) {
    const bool has_same_type =
        tensor.dtype == expected.dtype && std::equal(tensor.shape.begin(), tensor.shape.end(),
                                                     expected.shape.begin(), expected.shape.end());
    if (!has_same_type) {
      const std::string was = type_text(expected.dtype, expected.shape);
      const std::string is = type_text(tensor.dtype, tensor.shape);
      add_tensor("tensor_type", tensor, was, is, "is " + is + ", expected " + was);
    } else if (hash != expected.hash) {
      add_tensor("tensor_data", tensor, expected.hash, hash, "differs");
    }
  }

  void add_file(const char* code, std::string name, std::string expected, std::string found,
                const char* problem) {
    std::string message = "file " + quote(name) + ' ' + problem;
    mismatches_.push_back({code,
                           std::move(name),
                           {},
                           0,
                           0,
                           std::move(expected),
                           std::move(found),
                           std::move(message)});
  }

  void add_tensor(const char* code, const TensorInfo& tensor, std::string expected,
                  std::string found, const std::string& problem) {
    const Location location = file_.location(tensor.name);
    const std::uint64_t begin = location.file_offset, end = begin + tensor.nbytes;
    const std::string& name = names_[location.shard];
    mismatches_.push_back(
        {code, name, std::string(tensor.name), begin, end, std::move(expected), std::move(found),
         "tensor " + quote(tensor.name) + ' ' + problem + ": bytes " + std::to_string(begin) +
             " to " + std::to_string(end) + " of " + quote(name)});
  }

  const Manifest& manifest_;
  const std::string& path_;
  File file_;
  std::vector<Shard> shards_;
  std::vector<std::string> names_;  // of the shards
  std::vector<Mismatch> mismatches_;
  bool has_same_tensors_ = false;
};

}  // namespace

std::vector<Mismatch> compare_with_manifest(const Manifest& manifest, const std::string& path,
                                            bool data_only) {
  Comparison comparison(manifest, path);
  if (data_only || !comparison.compare_files()) comparison.compare_tensors();
  return comparison.result();
}

}  // namespace safetensors::cli
