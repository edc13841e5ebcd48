#include "cli/hash/manifest.h"

#include <optional>
#include <utility>

#include "cli/exit_code.h"
#include "cli/input/json_reader.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

// Reads a manifest; errors name its path.
class ManifestReader {
 public:
  ManifestReader(std::string_view text, const std::string& path) : reader_(text), path_(path) {}

  [[noreturn]] void fail(const std::string& reason) const {
    throw InvalidInput(quote(path_) + " is not a manifest of safetensors hash --json: " + reason);
  }

  Manifest read() {
    std::optional<std::string> path, algorithm;
    bool has_files = false, has_tensors = false;
    Manifest manifest;
    read_members([&](const std::string& key) {
      if (key == "path")
        path = text();
      else if (key == "algorithm")
        algorithm = text();
      else if (key == "files" && reader_.is_array())
        has_files = read_items([&] { manifest.files.push_back(read_file()); });
      else if (key == "tensors" && reader_.is_array())
        has_tensors = read_items([&] { manifest.tensors.push_back(read_tensor()); });
      else
        reader_.skip();
    });
    reader_.read_end();
    manifest.path = require(path, "path");
    try {
      manifest.algorithm = algorithm_from_name(require(algorithm, "algorithm"));
    } catch (const UsageError& unknown) {
      fail(unknown.what());
    }
    if (!has_files) fail_missing("files");
    if (!has_tensors) fail_missing("tensors");
    return manifest;
  }

 private:
  [[noreturn]] void fail_missing(const char* key) const {
    fail(std::string("the member \"") + key + "\" is missing or has another type");
  }

  std::string require(const std::optional<std::string>& value, const char* key) const {
    if (!value) fail_missing(key);
    return *value;
  }

  // Calls on_member(key) for each member of an object, which reads its value.
  template <class OnMember>
  void read_members(OnMember on_member) {
    if (!reader_.is_object()) {
      reader_.skip();
      return;
    }
    std::string key;
    for (reader_.begin_object(); reader_.next_member(&key);)
      on_member(key);
  }

  template <class OnItem>
  bool read_items(OnItem on_item) {
    for (reader_.begin_array(); reader_.next_item();)
      on_item();
    return true;
  }

  Dtype require_dtype(const std::optional<std::string>& value) const {
    const std::string name = require(value, "dtype");
    try {
      return dtype_from_name(name);
    } catch (const Error&) {
      fail("unknown dtype " + quote(name));
    }
  }

  // The next value; nothing if it is not a string.
  std::optional<std::string> text() {
    if (reader_.is_string()) return reader_.read_string();
    reader_.skip();
    return std::nullopt;
  }

  ManifestFile read_file() {
    std::optional<std::string> name, hash;
    read_members([&](const std::string& key) {
      if (key == "file")
        name = text();
      else if (key == "hash")
        hash = text();
      else
        reader_.skip();
    });
    return {require(name, "file"), require(hash, "hash")};
  }

  ManifestTensor read_tensor() {
    std::optional<std::string> name, dtype, hash;
    std::vector<std::uint64_t> shape;
    bool has_shape = false;
    read_members([&](const std::string& key) {
      if (key == "name")
        name = text();
      else if (key == "dtype")
        dtype = text();
      else if (key == "hash")
        hash = text();
      else if (key == "shape" && reader_.is_array())
        has_shape = read_items([&] { shape.push_back(number()); });
      else
        reader_.skip();
    });
    ManifestTensor tensor{require(name, "name"), require_dtype(dtype), std::move(shape),
                          require(hash, "hash")};
    if (!has_shape) fail_missing("shape");
    return tensor;
  }

  std::uint64_t number() {
    const auto parsed = parse_number(reader_.skip());
    if (!parsed) fail("a shape has an invalid extent");
    return *parsed;
  }

  JsonReader reader_;
  const std::string& path_;
};

}  // namespace

Manifest parse_manifest(std::string_view text, const std::string& path) {
  ManifestReader reader(text, path);
  try {
    return reader.read();
  } catch (const JsonError& error) {
    reader.fail(error.what());
  }
}

}  // namespace safetensors::cli
