#include "cli/hash/manifest.h"

#include "cli/exit_code.h"
#include "cli/input/json_value.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

// Reads members of a manifest; errors name its path.
class ManifestReader {
 public:
  explicit ManifestReader(const std::string& path) : path_(path) {}

  [[noreturn]] void fail(const std::string& reason) const {
    throw InvalidInput(quote(path_) + " is not a manifest of safetensors hash --json: " + reason);
  }

  const JsonValue& member(const JsonValue& object, const char* key, JsonValue::Type type) const {
    const JsonValue* const value = object.is_object() ? object.find(key) : nullptr;
    if (!value || value->type != type)
      fail(std::string("the member \"") + key + "\" is missing or has another type");
    return *value;
  }

  std::string text(const JsonValue& object, const char* key) const {
    return member(object, key, JsonValue::Type::String).text;
  }

  const std::vector<JsonValue>& items(const JsonValue& object, const char* key) const {
    return member(object, key, JsonValue::Type::Array).items;
  }

  Dtype dtype(const JsonValue& object) const {
    const std::string name = text(object, "dtype");
    try {
      return dtype_from_name(name);
    } catch (const Error&) {
      fail("unknown dtype " + quote(name));
    }
  }

  std::uint64_t number(const JsonValue& value) const {
    const auto parsed = parse_number(value.text);
    if (value.type != JsonValue::Type::Number || !parsed) fail("a shape has an invalid extent");
    return *parsed;
  }

 private:
  const std::string& path_;
};

}  // namespace

Manifest parse_manifest(std::string_view text, const std::string& path) {
  const ManifestReader reader(path);
  JsonError error;
  const auto json = parse_json(text, &error);
  if (!json) reader.fail(error.message + " at byte " + std::to_string(error.position));
  Manifest manifest;
  manifest.path = reader.text(*json, "path");
  try {
    manifest.algorithm = algorithm_from_name(reader.text(*json, "algorithm"));
  } catch (const UsageError& unknown) {
    reader.fail(unknown.what());
  }
  for (const JsonValue& file : reader.items(*json, "files"))
    manifest.files.push_back({reader.text(file, "file"), reader.text(file, "hash")});
  for (const JsonValue& item : reader.items(*json, "tensors")) {
    ManifestTensor tensor{
        reader.text(item, "name"), reader.dtype(item), {}, reader.text(item, "hash")};
    for (const JsonValue& extent : reader.items(item, "shape"))
      tensor.shape.push_back(reader.number(extent));
    manifest.tensors.push_back(std::move(tensor));
  }
  return manifest;
}

}  // namespace safetensors::cli
