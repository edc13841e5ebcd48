#include "cli/check/check_index.h"

#include "cli/exit_code.h"

namespace safetensors::cli {

std::optional<RawIndex> check_index_text(const std::string& path, const std::string& name,
                                         Findings& findings) {
  const char* const remedy = "safetensors reindex writes a new one";
  RawIndex index;
  try {
    index = read_raw_index(path);
  } catch (const IoError& error) {
    findings.fault("unreadable", name, error.what(), {});
    return std::nullopt;
  }
  if (!index.defect.empty()) {
    findings.fault("index", name, "not a valid index: " + index.defect, remedy);
    return std::nullopt;
  }
  if (!index.invalid_paths.empty())
    findings.fault("index_path", name,
                   "paths of shards that are not allowed: " + some_names(index.invalid_paths),
                   remedy);
  if (!index.repeated_tensors.empty())
    findings.fault(
        "duplicate", name,
        "the weight_map has more than one entry for " + some_names(index.repeated_tensors), remedy);
  return index;
}

}  // namespace safetensors::cli
