#include "format/shard_path.h"

#include <algorithm>
#include <cstddef>

#include "error.h"

namespace st {
namespace {

constexpr std::string_view extension = ".safetensors";
constexpr std::size_t longest_path = 4095;  // PATH_MAX of Linux
constexpr std::size_t longest_component = 255;

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What is wrong with the whole path; null if nothing is.
const char* fault_of(std::string_view path) noexcept {
  if (path.empty()) return "it is empty";
  if (path.size() > longest_path) return "it is longer than 4095 bytes";
  if (path.find('\0') != path.npos) return "it contains NUL";
  if (path.find('\\') != path.npos) return "it contains a backslash";
  if (path[0] == '/') return "it is absolute";
  if (path.size() > 1 && is_letter(path[0]) && path[1] == ':') return "it begins with a drive";
  if (!path.ends_with(extension)) return "it does not end in \".safetensors\"";
  return nullptr;
}

const char* fault_of_component(std::string_view component) noexcept {
  if (component == "..") return "it has a component \"..\"";
  if (component.size() > longest_component) return "it has a component of more than 255 bytes";
  return nullptr;
}

[[noreturn]] void reject(std::string_view path, const char* fault) {
  throw Error(Code::set_path, Message()
                                  << "the index has the shard path " << Quoted{path} << ": "
                                  << fault << ", expected a path inside of the index's directory");
}

}  // namespace

std::string normalize_shard_path(std::string_view path) {
  if (const char* const fault = fault_of(path)) reject(path, fault);
  std::string normalized;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = path.substr(begin, end - begin);
    begin = end + 1;
    if (component.empty() || component == ".") continue;
    if (const char* const fault = fault_of_component(component)) reject(path, fault);
    if (!normalized.empty()) normalized += '/';
    normalized += component;
  }
  return normalized;
}

}  // namespace st
