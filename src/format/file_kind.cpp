#include "format/file_kind.h"

#include <algorithm>

namespace st {
namespace {

using namespace std::literals;

struct Signature {
  std::string_view bytes;
  FileKind kind;
};

constexpr std::string_view decompress = "decompress it";
constexpr std::string_view convert_tensors =
    "load it with its own library and save it as safetensors";
constexpr FileKind html = {"an HTML page", "the download failed or requires a login"};
constexpr FileKind torch_zip = {"a PyTorch checkpoint (zip)",
                                "load it with torch.load and save it as safetensors"};
constexpr FileKind numpy_zip = {"an NPZ archive", convert_tensors};
constexpr FileKind zip = {"a zip archive", "extract it, or if torch.save wrote it, convert it"};
constexpr FileKind index_json = {"a JSON index of shards", "open it as a set (st_open_set)"};
constexpr FileKind json = {"a JSON file",
                           "open the .safetensors file, not its index or configuration"};
constexpr FileKind zeros = {"filled with NUL bytes",
                            "its download or copy is incomplete: get the file again"};

constexpr Signature signatures[] = {
    {"version https://git-lfs", {"a Git LFS pointer", "run \"git lfs pull\""}},
    {"# xet version", {"a Git Xet pointer", "run \"git xet checkout\" or download the file"}},
    {"<?xml", {"an XML document", "the download failed or requires a login"}},
    {"GGUF", {"a GGUF file", "open it with llama.cpp, or get the model as safetensors"}},
    {"\x93NUMPY", {"an NPY file", convert_tensors}},
    {"\x89HDF\r\n\x1a\n", {"an HDF5 file", convert_tensors}},
    {"\x1f\x8b", {"a gzip file", decompress}},
    {"\x28\xb5\x2f\xfd", {"a zstd file", decompress}},
    {"\xfd"
     "7zXZ\0"sv,
     {"an xz file", decompress}},
    {"BZh", {"a bzip2 file", decompress}},
    {"7z\xbc\xaf\x27\x1c", {"a 7-Zip archive", "extract it"}},
};

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool starts_with_any_case(std::string_view text, std::string_view lower_case) noexcept {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                    [](char wanted, char c) { return lower(c) == wanted; });
}

bool contains(std::string_view text, std::string_view part) noexcept {
  return text.find(part) != text.npos;
}

bool all_zero(std::string_view bytes) noexcept {
  return !bytes.empty() && bytes.find_first_not_of('\0') == bytes.npos;
}

// A zip archive's first file is named near its start.
const FileKind* recognize_zip(std::string_view start) noexcept {
  if (contains(start, "data.pkl")) return &torch_zip;
  return contains(start, ".npy") ? &numpy_zip : &zip;
}

const FileKind* recognize_text(std::string_view start) noexcept {
  if (start.starts_with("\xEF\xBB\xBF")) start.remove_prefix(3);
  while (!start.empty() && is_space(start[0]))
    start.remove_prefix(1);
  for (const std::string_view tag : {"<!doctype html", "<html", "<head", "<body"}) {
    if (starts_with_any_case(start, tag)) return &html;
  }
  if (!start.starts_with("{")) return nullptr;
  return contains(start, "\"weight_map\"") || contains(start, "\"total_size\"") ? &index_json
                                                                                : &json;
}

// A pickle begins with its protocol; torch.save wrote them before it wrote zip archives.
bool is_pickle(std::string_view start) noexcept {
  return start.size() > 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5;
}

}  // namespace

const FileKind* recognize_file(std::string_view start) noexcept {
  static constexpr FileKind pickle = {"a pickle",
                                      "if it is a PyTorch checkpoint, load it with torch.load and "
                                      "save it as safetensors"};
  constexpr std::size_t length_size = 8;
  for (const Signature& signature : signatures) {
    if (start.starts_with(signature.bytes)) return &signature.kind;
  }
  if (start.starts_with("PK\3\4") || start.starts_with("PK\5\6")) return recognize_zip(start);
  if (is_pickle(start)) return &pickle;
  if (all_zero(start.substr(0, length_size))) return &zeros;
  if (start.size() > length_size && all_zero(start.substr(length_size))) return &zeros;
  return recognize_text(start);
}

}  // namespace st
