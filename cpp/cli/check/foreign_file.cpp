#include "cli/check/foreign_file.h"

#include <cstddef>

namespace safetensors::cli {

namespace {

struct Kind {
  std::string_view magic;
  const char* code;
  const char* what;
  const char* remedy;
};

constexpr Kind kinds[] = {
    {"version https://git-lfs", "lfs_pointer", "a Git LFS pointer instead of the file",
     "Run git lfs pull, or download the file"},
    {"<!DOCTYPE", "not_safetensors", "an HTML page: the download needed a login or another address",
     "Download it again"},
    {"<html", "not_safetensors", "an HTML page: the download needed a login or another address",
     "Download it again"},
    {"PK\x03\x04", "not_safetensors", "a zip file, probably a PyTorch checkpoint",
     "Convert it with PyTorch"},
    {"\x80\x02", "not_safetensors", "a Python pickle, probably a PyTorch checkpoint",
     "Convert it with PyTorch"},
    {"GGUF", "not_safetensors", "a GGUF file", "Rename it to .gguf"},
    {"\x89HDF\r\n", "not_safetensors", "an HDF5 file", "Convert it"},
    {"\x93NUMPY", "not_safetensors", "a NumPy file", "Convert it"},
    {"\x1f\x8b", "not_safetensors", "a gzip file", "Decompress it"},
    {"\x28\xb5\x2f\xfd", "not_safetensors", "a Zstandard file", "Decompress it"},
    {"\x04\x22\x4d\x18", "not_safetensors", "an LZ4 file", "Decompress it"},
    {"{", "not_safetensors",
     "a JSON text without the 8 bytes of its length, perhaps an error message",
     "Download it again"},
    {"Entry not found", "not_safetensors", "an error message of the server", "Download it again"},
    {"Access to", "not_safetensors", "an error message of the server",
     "Log in and download it again"},
    {"Invalid username", "not_safetensors", "an error message of the server",
     "Log in and download it again"},
};

}  // namespace

ForeignFile recognize_foreign_file(std::string_view bytes) {
  while (!bytes.empty() && (bytes.front() == ' ' || bytes.front() == '\n' || bytes.front() == '\r'))
    bytes.remove_prefix(1);
  for (const Kind& kind : kinds)
    if (bytes.substr(0, kind.magic.size()) == kind.magic)
      return {kind.code, kind.what, kind.remedy};
  return {};
}

}  // namespace safetensors::cli
