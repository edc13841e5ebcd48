#include "file_entries.h"

#include <string_view>
#include <unordered_set>
#include <utility>

#include "names/compiled_renames.h"
#include "names/name_filter.h"
#include "names/quote.h"
#include "tensor/torch_sizes.h"

namespace safetensors {

namespace {

// The requested names that were not found yet.
class MissingNames {
 public:
  explicit MissingNames(const std::vector<std::string>& requested)
      : requested_(requested), missing_(requested.begin(), requested.end()) {}

  void mark_found(std::string_view name) { missing_.erase(name); }

  void check_empty() const {
    if (missing_.empty()) return;
    std::vector<std::string> in_order;
    for (const auto& name : requested_) {
      if (missing_.contains(name)) in_order.push_back(name);
    }
    throw Error(ST_E_TENSOR_NOT_FOUND, "the file has no " + quote_tensors(in_order));
  }

 private:
  const std::vector<std::string>& requested_;
  std::unordered_set<std::string_view> missing_;
};

}  // namespace

std::vector<FileEntry> file_entries(const File& file, const Renames& renames,
                                    const std::vector<std::string>& names,
                                    const std::string& pattern) {
  const CompiledRenames rename(renames);
  const NameFilter filter(names, pattern);
  MissingNames missing(names);

  std::vector<FileEntry> entries;
  std::vector<std::string_view> originals;
  if (names.empty() && pattern.empty()) entries.reserve(file.size());
  for (const TensorInfo& info : file.tensors()) {
    std::string name = rename(info.name);
    missing.mark_found(name);
    if (!filter.accepts(name)) continue;
    const c10::ScalarType dtype = torch_dtype(info);
    entries.push_back({std::move(name), info, dtype, torch_sizes(info, dtype)});
    if (!rename.is_identity()) originals.push_back(info.name);
  }

  if (!rename.is_identity()) {
    std::vector<std::string_view> renamed;
    for (const auto& entry : entries)
      renamed.push_back(entry.name);
    check_distinct(renamed, originals);
  }
  missing.check_empty();
  if (entries.empty() && !pattern.empty() && file.size() > 0)
    throw Error(ST_E_TENSOR_NOT_FOUND, "no selected name has a match of the pattern " +
                                           quote(pattern) +
                                           ", which applies to names after the renames");
  return entries;
}

}  // namespace safetensors
