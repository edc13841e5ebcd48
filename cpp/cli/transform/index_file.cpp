#include "cli/transform/index_file.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "cli/output/ascii_json.h"

namespace safetensors::cli {

std::string index_text(IndexContent content) {
  content.metadata.insert(content.metadata.begin(),
                          {"total_size", std::to_string(content.total_size)});
  if (content.sorted) {
    std::sort(content.metadata.begin(), content.metadata.end());
    std::sort(content.weight_map.begin(), content.weight_map.end());
  }
  std::string text = "{\n  \"metadata\": {";
  const char* before = "\n    ";
  for (const auto& [key, json] : content.metadata) {
    text += before + ascii_json_string(key) + ": " + json;
    before = ",\n    ";
  }
  text += "\n  },\n  \"weight_map\": {";
  before = "\n    ";
  for (const auto& [tensor, file] : content.weight_map) {
    text += before + ascii_json_string(tensor) + ": " + ascii_json_string(file);
    before = ",\n    ";
  }
  text += content.weight_map.empty() ? "}\n}" : "\n  }\n}";
  return content.sorted ? text + '\n' : text;
}

}  // namespace safetensors::cli
