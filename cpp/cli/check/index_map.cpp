#include "cli/check/index_map.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/input/json_value.h"
#include "cli/input/raw_file.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t longest_index = 100'000'000;

// The rule of the library: a relative path below the directory, without "..", a drive, a backslash.
bool is_safe_path(const std::string& path) {
  const std::filesystem::path parsed = path;
  if (path.empty() || parsed.is_absolute()) return false;
  if (path.find('\\') != std::string::npos || path.find('\0') != std::string::npos) return false;
  if (path.size() > 1 && path[1] == ':') return false;
  for (const auto& part : parsed)
    if (part == "..") return false;
  return parsed.extension() == ".safetensors";
}

std::string normal_path(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

}  // namespace

std::optional<IndexMap> read_index(const std::string& path, const std::string& name,
                                   Findings& findings) {
  const char* const remedy = "safetensors reindex writes a new one";
  const RawFile file(path);
  if (file.size() > longest_index) {
    findings.fault("index", name, "an index of more than 100 MB", remedy);
    return std::nullopt;
  }
  JsonError error;
  const auto json = parse_json(file.text_at(0, file.size()), &error);
  const JsonValue* const weight_map = json ? json->find("weight_map") : nullptr;
  if (!json || !weight_map || !weight_map->is_object()) {
    const std::string reason = json ? "it has no weight_map"
                                    : error.message + " at byte " + std::to_string(error.position);
    findings.fault("index", name, "not a valid index: " + reason, remedy);
    return std::nullopt;
  }
  IndexMap index;
  std::set<std::string> seen, unsafe, duplicates;
  for (const auto& [tensor, shard] : weight_map->members) {
    if (!seen.insert(tensor).second) duplicates.insert(tensor);
    if (shard.is_string() && is_safe_path(shard.text))
      index.tensors_of[normal_path(shard.text)].push_back(tensor);
    else
      unsafe.insert(shard.is_string() ? shard.text : tensor);
  }
  for (auto& [shard, tensors] : index.tensors_of)
    std::sort(tensors.begin(), tensors.end());
  if (!unsafe.empty())
    findings.fault(
        "index_path", name,
        "paths of shards that are not allowed: " + some_names({unsafe.begin(), unsafe.end()}),
        remedy);
  if (!duplicates.empty())
    findings.fault("duplicate", name,
                   "the weight_map has more than one entry for " +
                       some_names({duplicates.begin(), duplicates.end()}),
                   remedy);
  const JsonValue* const metadata = json->find("metadata");
  const JsonValue* const total = metadata ? metadata->find("total_size") : nullptr;
  if (total && total->type == JsonValue::Type::Number)
    index.total_size = parse_number(total->text.substr(0, total->text.find('.')));
  return index;
}

}  // namespace safetensors::cli
