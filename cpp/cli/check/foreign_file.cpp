#include "cli/check/foreign_file.h"

#include <algorithm>

namespace safetensors::cli {

namespace {

using namespace std::literals;

struct Kind {
  std::string_view magic;
  const char* code;
  const char* what;
  const char* remedy;
};

constexpr const char* other = "not_safetensors";
constexpr const char* server = "an error message of the server";
constexpr const char* html = "an HTML page: the download needed a login or another address";
constexpr const char* again = "Download it again";
constexpr const char* decompress = "Decompress it";
constexpr const char* extract = "Extract the model from it";
constexpr const char* convert = "Load it with its own library, and save it as safetensors";

const Kind kinds[] = {
    {"version https://git-lfs", "lfs_pointer", "a Git LFS pointer instead of the file",
     "Run git lfs pull, or download the file"},
    {"# xet version", other, "a Git Xet pointer instead of the file", "Download the file"},
    {"<?xml", other, "an XML text: probably an error message of the server", again},
    {"HTTP/", other, "an HTTP response with its header lines", again},
    {"\0\5\x16\7"sv, "resource_file", "a resource file of macOS, which is not a model",
     "Remove it"},
    {"GGUF", other, "a GGUF file", "Rename it to .gguf"},
    {"\x89HDF\r\n", other, "an HDF5 file", convert},
    {"\x93NUMPY", other, "an NPY file", convert},
    {"\x1f\x8b", other, "a gzip file", decompress},
    {"\x28\xb5\x2f\xfd", other, "a Zstandard file", decompress},
    {"\x04\x22\x4d\x18", other, "an LZ4 file", decompress},
    {"\xfd"
     "7zXZ\0"sv,
     other, "an xz file", decompress},
    {"BZh", other, "a bzip2 file", decompress},
    {"7z\xbc\xaf\x27\x1c", other, "a 7-Zip archive", extract},
    {"Rar!\x1a\x07", other, "a RAR archive", extract},
    {"%PDF-", other, "a PDF file", again},
    {"{", other, "a JSON text without the 8 bytes of its length, perhaps an error message", again},
    {"Entry not found", other, server, again},
    {"Access to", other, server, "Log in and download it again"},
    {"Invalid username", other, server, "Log in and download it again"},
};

bool begins_with(std::string_view text, std::string_view begin) {
  return text.substr(0, begin.size()) == begin;
}

bool begins_with_tag(std::string_view text, std::string_view tag) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return text.size() >= tag.size() &&
         std::equal(tag.begin(), tag.end(), text.begin(),
                    [&](char wanted, char c) { return lower(c) == wanted; });
}

// The first members of an archive are named near its begin.
ForeignFile recognize_zip(std::string_view bytes) {
  if (bytes.find("data.pkl") != std::string_view::npos)
    return {other, "a PyTorch checkpoint", "Load it with torch.load, and save it as safetensors"};
  if (bytes.find(".npy") != std::string_view::npos) return {other, "an NPZ archive", convert};
  return {other, "a zip archive", extract};
}

bool is_pickle(std::string_view bytes) {
  return bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5;
}

}  // namespace

ForeignFile recognize_foreign_file(std::string_view bytes) {
  constexpr std::size_t tar_magic = 257;
  if (begins_with(bytes, "PK\x03\x04") || begins_with(bytes, "PK\x05\x06"))
    return recognize_zip(bytes);
  if (is_pickle(bytes))
    return {other, "a Python pickle, probably a PyTorch checkpoint",
            "Load it with torch.load, and save it as safetensors"};
  if (bytes.size() > tar_magic && begins_with(bytes.substr(tar_magic), "ustar"))
    return {other, "a tar archive", extract};
  if (begins_with(bytes, "\xEF\xBB\xBF")) bytes.remove_prefix(3);
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  for (const std::string_view tag : {"<!doctype", "<html", "<head", "<body"})
    if (begins_with_tag(bytes, tag)) return {other, html, again};
  for (const Kind& kind : kinds)
    if (begins_with(bytes, kind.magic)) return {kind.code, kind.what, kind.remedy};
  return {};
}

}  // namespace safetensors::cli
