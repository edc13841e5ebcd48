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

// Those of the wanted names that have not been seen yet.
class Unseen {
 public:
  explicit Unseen(const std::vector<std::string>& wanted)
      : wanted_(wanted), left_(wanted.begin(), wanted.end()) {}

  void see(std::string_view name) { left_.erase(name); }

  void check_none() const {
    if (left_.empty()) return;
    std::vector<std::string> absent;
    for (const auto& name : wanted_) {
      if (left_.contains(name)) absent.push_back(name);
    }
    throw Error(ST_E_TENSOR_NOT_FOUND, "the file has no " + tensors_called(absent));
  }

 private:
  const std::vector<std::string>& wanted_;
  std::unordered_set<std::string_view> left_;
};

}  // namespace

std::vector<FileEntry> file_entries(const File& file, const Renames& renames,
                                    const std::vector<std::string>& names,
                                    const std::string& pattern) {
  const NameTranslation translate(renames);
  const NameFilter filter(names, pattern);
  Unseen unseen(names);

  std::vector<FileEntry> entries;
  std::vector<std::string_view> originals;
  if (names.empty() && pattern.empty()) entries.reserve(file.size());
  for (const TensorInfo& info : file.tensors()) {
    std::string name = translate(info.name);
    unseen.see(name);
    if (!filter.accepts(name)) continue;
    const c10::ScalarType dtype = torch_dtype(info);
    entries.push_back({std::move(name), info, dtype, torch_sizes(info, dtype)});
    if (!translate.is_identity()) originals.push_back(info.name);
  }

  if (!translate.is_identity()) {
    std::vector<std::string_view> renamed;
    for (const auto& entry : entries)
      renamed.push_back(entry.name);
    check_distinct(renamed, originals);
  }
  unseen.check_none();
  return entries;
}

}  // namespace safetensors
