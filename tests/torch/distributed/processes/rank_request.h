// The text that a test sends to the module: lines of words, and how their parts are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <safetensors/torch/placement.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// The items between the separators; none of an empty text.
inline std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> items;
  if (text.empty()) return items;
  std::istringstream stream(text + separator);
  for (std::string item; std::getline(stream, item, separator);)
    items.push_back(item);
  return items;
}

// "4,5" -> {4, 5}.
template <class Number>
std::vector<Number> numbers(const std::string& text) {
  std::vector<Number> result;
  for (const std::string& item : split(text, ','))
    result.push_back(static_cast<Number>(std::stoll(item)));
  return result;
}

// A dimension per item: "0:3,5:8;*" has two slices of the first, and all of the second.
inline safetensors::TensorSlices slices_of(const std::string& text) {
  safetensors::TensorSlices slices;
  for (const std::string& dimension : split(text, ';')) {
    auto& list = slices.emplace_back();
    if (dimension == "*") continue;
    for (const std::string& slice : split(dimension, ',')) {
      const auto ends = split(slice, ':');
      list.push_back({std::stoull(ends.at(0)), std::stoull(ends.at(1))});
    }
  }
  return slices;
}

inline std::string text_of(const safetensors::TensorSlices& slices) {
  std::string text;
  for (const auto& dimension : slices) {
    if (!text.empty()) text += ';';
    const char* separator = "";
    for (const safetensors::Slice& slice : dimension) {
      text.append(separator).append(std::to_string(slice.begin)).append(":");
      text.append(std::to_string(slice.end));
      separator = ",";
    }
  }
  return text;
}

// "R,S0,T1:2": replicated, a shard of dimension 0, a strided shard of dimension 1 with the split
// factor 2.
inline std::vector<safetensors::Placement> placements_of(const std::string& text) {
  std::vector<safetensors::Placement> placements;
  for (const std::string& item : split(text, ',')) {
    const auto arguments = split(item.substr(1), ':');
    switch (item.front()) {
      case 'R':
        placements.push_back(safetensors::Placement::replicate());
        break;
      case 'S':
        placements.push_back(safetensors::Placement::shard(std::stoll(arguments.at(0))));
        break;
      case 'T':
        placements.push_back(safetensors::Placement::strided_shard(std::stoll(arguments.at(0)),
                                                                   std::stoll(arguments.at(1))));
        break;
      default:
        throw std::runtime_error("unknown placement " + item);
    }
  }
  return placements;
}

// Lines "key value", of which some keys occur several times.
class Request {
 public:
  explicit Request(const std::string& text) {
    for (const std::string& line : split(text, '\n')) {
      const std::size_t space = line.find(' ');
      if (space == std::string::npos) throw std::runtime_error("a line without a value: " + line);
      values_[line.substr(0, space)].push_back(line.substr(space + 1));
    }
  }

  std::string text(const std::string& key, const std::string& absent = {}) const {
    const auto found = values_.find(key);
    return found == values_.end() ? absent : found->second.back();
  }
  std::uint64_t number(const std::string& key, std::uint64_t absent) const {
    const auto found = values_.find(key);
    return found == values_.end() ? absent : std::stoull(found->second.back());
  }
  bool has(const std::string& key) const { return values_.count(key) != 0; }
  const std::vector<std::string>& all(const std::string& key) const { return values_[key]; }

 private:
  mutable std::map<std::string, std::vector<std::string>> values_;
};
