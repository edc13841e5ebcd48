#include "cli/check/check_numbers.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "cli/input/shard_number.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t most_numbers = 100'000;

}  // namespace

void check_shard_numbers(const std::set<std::string>& names, Findings& findings) {
  // Numbers by the parts of the names that shards have in common.
  std::map<std::pair<std::string, std::string>, std::map<std::uint64_t, std::set<std::uint64_t>>>
      sets;
  std::map<std::pair<std::string, std::string>, ShardNumber> example;
  for (const std::string& name : names)
    if (const auto number = parse_shard_number(name)) {
      const auto key = std::pair(number->stem, number->suffix);
      sets[key][number->count].insert(number->number);
      example.emplace(key, *number);
    }
  for (const auto& [key, counts] : sets) {
    if (counts.size() > 1) {
      findings.fault("mixed_sets", "",
                     "files of " + std::to_string(counts.size()) + " sets: " + quote(key.first) +
                         " with -of-" + std::to_string(counts.begin()->first) + " and -of-" +
                         std::to_string(counts.rbegin()->first),
                     "Move the files of another revision away, or download those that are missing");
      continue;
    }
    const auto& [count, numbers] = *counts.begin();
    std::vector<std::string> missing;
    ShardNumber shard = example.at(key);
    // Some writers count from 0.
    const std::uint64_t first = numbers.count(0) ? 0 : 1;
    for (std::uint64_t n = first; n < first + std::min(count, most_numbers); ++n)
      if (!numbers.count(n)) missing.push_back(with_number(shard, n));
    if (!missing.empty())
      findings.fault("missing_number", "",
                     counted(missing.size(), "file") + " of " + std::to_string(count) +
                         " missing: " + some_names(missing),
                     "Download the missing files");
  }
}

}  // namespace safetensors::cli
