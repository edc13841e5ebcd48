#include "cli/input/raw_index.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "cli/input/json_reader.h"
#include "cli/input/raw_file.h"
#include "cli/output/numbers.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t longest_index = 100'000'000;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The path without "." and repeated slashes; nothing if it is not one below the directory of the
// index, by the rules of the library.
std::optional<std::string> normal_path(std::string_view path) {
  constexpr std::string_view extension = ".safetensors";
  constexpr std::size_t longest_path = 4095, longest_component = 255;
  if (path.size() < extension.size() || path.size() > longest_path) return std::nullopt;
  if (path.substr(path.size() - extension.size()) != extension) return std::nullopt;
  if (path.find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos)
    return std::nullopt;
  if (path[0] == '/' || (is_letter(path[0]) && path[1] == ':')) return std::nullopt;
  std::string normal;
  while (!path.empty()) {
    const std::string_view component = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(component.size() + 1, path.size()));
    if (component.empty() || component == ".") continue;
    if (component == ".." || component.size() > longest_component) return std::nullopt;
    if (!normal.empty()) normal += '/';
    normal += component;
  }
  return normal;
}

void sort_once(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

// Reads the JSON text of an index. Throws JsonError.
class IndexReader {
 public:
  IndexReader(std::string_view text, RawIndex& index) : reader_(text), index_(index) {}

  void read() {
    if (!reader_.is_object()) {
      index_.defect = "it is not a JSON object";
      return;
    }
    std::string key;
    bool has_map = false, has_metadata = false;
    for (reader_.begin_object(); reader_.next_member(&key);) {
      if (key == "weight_map") {
        if (std::exchange(has_map, true)) add_defect("it has more than one weight_map");
        read_weight_map();
      } else if (key == "metadata") {
        if (std::exchange(has_metadata, true)) add_defect("it has more than one metadata");
        read_metadata();
      } else {
        reader_.skip();
      }
    }
    reader_.read_end();
    if (!has_map) add_defect("it has no weight_map");
    for (auto& [shard, tensors] : index_.tensors_of)
      std::sort(tensors.begin(), tensors.end());
    sort_once(index_.repeated_tensors);
    sort_once(index_.invalid_paths);
  }

 private:
  void add_defect(const char* defect) {
    if (index_.defect.empty()) index_.defect = defect;
  }

  void read_weight_map() {
    if (!reader_.is_object()) {
      add_defect("its weight_map is not an object");
      reader_.skip();
      return;
    }
    bool is_empty = true;
    std::string tensor;
    for (reader_.begin_object(); reader_.next_member(&tensor);) {
      is_empty = false;
      if (reader_.is_string()) {
        add(tensor, reader_.read_string());
      } else {
        index_.invalid_paths.push_back(tensor);
        reader_.skip();
      }
    }
    if (is_empty) add_defect("its weight_map is empty");
  }

  void add(const std::string& tensor, const std::string& path) {
    const auto shard = normal_path(path);
    if (!seen_.insert(tensor).second)
      index_.repeated_tensors.push_back(tensor);
    else if (shard)
      index_.tensors_of[*shard].push_back(tensor);
    if (!shard) index_.invalid_paths.push_back(path);
  }

  void read_metadata() {
    if (!reader_.is_object()) {
      reader_.skip();
      return;
    }
    std::string key;
    for (reader_.begin_object(); reader_.next_member(&key);) {
      const bool is_total = key == "total_size";
      const bool is_number = reader_.is_number();
      const std::string_view value = reader_.skip();
      if (is_total && is_number) index_.total_size = parse_number(value.substr(0, value.find('.')));
      if (!is_total) index_.metadata.emplace_back(key, value);
    }
  }

  JsonReader reader_;
  RawIndex& index_;
  std::unordered_set<std::string> seen_;
};

}  // namespace

bool RawIndex::has(const std::string& shard, const std::string& tensor) const {
  const auto found = tensors_of.find(shard);
  return found != tensors_of.end() &&
         std::binary_search(found->second.begin(), found->second.end(), tensor);
}

bool RawIndex::has(const std::string& tensor) const {
  return std::any_of(tensors_of.begin(), tensors_of.end(), [&](const auto& shard) {
    return std::binary_search(shard.second.begin(), shard.second.end(), tensor);
  });
}

RawIndex read_raw_index(const std::string& path) {
  RawIndex index;
  const RawFile file(path);
  if (file.size() > longest_index) {
    index.defect = "it has " + human_bytes(file.size()) + ", expected at most 100 MB";
    return index;
  }
  const std::string text = file.text_at(0, static_cast<std::size_t>(file.size()));
  try {
    IndexReader(text, index).read();
  } catch (const JsonError& error) {
    index = {};
    index.defect = error.what();
  }
  return index;
}

}  // namespace safetensors::cli
