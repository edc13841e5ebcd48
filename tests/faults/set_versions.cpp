#include "set_versions.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

namespace faults {
namespace {

constexpr unsigned most_files = 4;
constexpr std::uint64_t set_tensor_bytes = 100;
constexpr const char* tensor_names[most_files] = {"w0", "w1", "w2", "w3"};
constexpr char index_name[] = "model.safetensors.index.json";
constexpr char whole_name[] = "model.safetensors";

// The weight map of the index; it has one entry a line, "name": "file".
std::map<std::string, std::string> read_map(const std::filesystem::path& index) {
  std::map<std::string, std::string> map;
  std::ifstream file(index);
  std::string line;
  bool in_map = false;
  while (std::getline(file, line)) {
    std::vector<std::string> words;
    for (std::size_t at = 0; (at = line.find('"', at)) != line.npos;) {
      const std::size_t end = line.find('"', at + 1);
      words.push_back(line.substr(at + 1, end - at - 1));
      at = end + 1;
    }
    if (words.size() == 1) in_map = words[0] == "weight_map";
    if (in_map && words.size() == 2) map[words[0]] = words[1];
  }
  return map;
}

// The value of every byte of the tensor; broken if it is not there, absent if the file is not. A
// single open decides, as the file may be removed at any time.
int read_value(const std::filesystem::path& path, const std::string& name) {
  std::array<unsigned char, set_tensor_bytes> bytes{};
  st_file* file = nullptr;
  const st_status opened = st_open(path.c_str(), nullptr, &file, nullptr);
  if (opened == ST_E_NOT_FOUND) return FoundSet::absent;
  const bool read = opened == ST_OK && st_read_tensor(file, name.data(), name.size(), bytes.data(),
                                                      bytes.size(), nullptr) == ST_OK;
  st_close(file);
  const bool equal =
      std::all_of(bytes.begin(), bytes.end(), [&](unsigned char b) { return b == bytes[0]; });
  return read && equal ? bytes[0] : FoundSet::broken;
}

int read_by_index(const std::filesystem::path& directory) {
  const auto map = read_map(directory / index_name);
  int found = FoundSet::broken;
  for (const auto& [name, shard] : map) {
    const int value = read_value(directory / shard, name);
    if (value < 0 || (found != FoundSet::broken && value != found)) {
      return FoundSet::broken;
    }
    found = value;
  }
  return found != FoundSet::broken && map.size() == static_cast<unsigned>(found) % 10
             ? found
             : FoundSet::broken;
}

st_status write(const char* directory, const SetVersion& version, bool resume, st_error* error) {
  std::array<unsigned char, set_tensor_bytes> bytes;
  bytes.fill(version.value);
  const std::uint64_t shape = bytes.size();
  st_set_options set = ST_SET_OPTIONS_INIT;
  set.max_shard_size = bytes.size();
  set.resume = resume;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.durability = version.durability;
  st_set_writer* writer = nullptr;
  st_status status = st_set_writer_open(directory, &set, &options, &writer, error);
  for (unsigned i = 0; i < version.files() && status == ST_OK; ++i) {
    status = st_set_writer_add(writer, tensor_names[i], 2, ST_DTYPE_U8, &shape, 1, bytes.data(),
                               bytes.size(), error);
  }
  if (status == ST_OK) status = st_set_writer_commit(writer, error);
  st_set_writer_free(writer);
  return status;
}

// What st_save_set and st_set_stage take. Takes no memory of its own.
struct Request {
  explicit Request(const SetVersion& version) : files(version.files()) {
    bytes.fill(version.value);
    set.max_shard_size = bytes.size();
    options.durability = version.durability;
  }

  std::array<st_save_tensor, most_files> tensors(bool with_data) const {
    std::array<st_save_tensor, most_files> described;
    for (unsigned i = 0; i < files; ++i) {
      st_save_tensor& tensor = described[i];
      tensor = ST_SAVE_TENSOR_INIT;
      tensor.dtype = ST_DTYPE_U8;
      tensor.name = tensor_names[i];
      tensor.name_len = std::strlen(tensor.name);
      tensor.shape = &shape;
      tensor.rank = 1;
      tensor.nbytes = bytes.size();
      if (with_data) tensor.data = bytes.data();
    }
    return described;
  }

  unsigned files;
  std::array<unsigned char, set_tensor_bytes> bytes;
  std::uint64_t shape = set_tensor_bytes;
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
};

}  // namespace

st_status write_set(const char* directory, const SetVersion& version, st_error* error) {
  return write(directory, version, false, error);
}

st_status write_kept_set(const char* directory, const SetVersion& version, st_error* error) {
  return write(directory, version, true, error);
}

st_status save_set(const char* directory, const SetVersion& version, st_error* error) {
  const Request request(version);
  const auto tensors = request.tensors(true);
  return st_save_set(directory, tensors.data(), version.files(), &request.set, &request.options,
                     error);
}

st_status stage_set(const char* directory, const SetVersion& version, st_error* error) {
  const Request request(version);
  const auto declared = request.tensors(false), tensors = request.tensors(true);
  st_set_stage* stage = nullptr;
  st_status status = st_set_stage_open(directory, declared.data(), version.files(), &request.set,
                                       &request.options, &stage, error);
  for (unsigned i = 0; i < version.files() && status == ST_OK; ++i) {
    char path[200];
    std::snprintf(path, sizeof path, "%s/%s", directory,
                  st_set_stage_path(stage, st_set_stage_shard_of(stage, i)));
    status = st_save(path, &tensors[i], 1, &request.options, error);
  }
  if (status == ST_OK) status = st_set_stage_commit(stage, error);
  st_set_stage_free(stage);
  return status;
}

FoundSet find_set(const std::string& directory) {
  const std::filesystem::path path(directory);
  FoundSet found;
  if (std::filesystem::exists(path / index_name)) found.by_index = read_by_index(path);
  found.whole = read_value(path / whole_name, tensor_names[0]);
  return found;
}

bool has_set(const std::string& directory, const SetVersion& version) {
  const FoundSet found = find_set(directory);
  const int value = version.value;
  return version.files() == 1 ? found.whole == value && found.by_index == FoundSet::absent
                              : found.by_index == value && found.whole == FoundSet::absent;
}

std::set<std::string> files_of_set(const std::string& directory) {
  const std::filesystem::path path(directory);
  std::set<std::string> names;
  if (std::filesystem::exists(path / index_name)) names.insert(index_name);
  if (std::filesystem::exists(path / whole_name)) names.insert(whole_name);
  for (const auto& [name, shard] : read_map(path / index_name))
    names.insert(shard);
  return names;
}

}  // namespace faults
