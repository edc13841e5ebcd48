#include "cli/input/shard_number.h"

#include <string_view>

#include "cli/output/numbers.h"

namespace safetensors::cli {

namespace {

constexpr std::string_view extension = ".safetensors";

std::string zero_padded(std::uint64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

}  // namespace

std::optional<ShardNumber> parse_shard_number(const std::string& name) {
  constexpr std::string_view of = "-of-", digits = "0123456789";
  if (name.size() < extension.size() ||
      name.compare(name.size() - extension.size(), extension.size(), extension) != 0)
    return std::nullopt;
  const std::string_view base = std::string_view(name).substr(0, name.size() - extension.size());
  const std::size_t middle = base.rfind(of);
  if (middle == std::string_view::npos) return std::nullopt;
  const std::size_t dash = base.rfind('-', middle == 0 ? 0 : middle - 1);
  if (dash == std::string_view::npos || dash >= middle) return std::nullopt;
  const std::string_view number = base.substr(dash + 1, middle - dash - 1);
  const std::string_view after = base.substr(middle + of.size());
  const std::size_t count_end = std::min(after.find_first_not_of(digits), after.size());
  const auto parsed_number = parse_number(number);
  const auto parsed_count = parse_number(after.substr(0, count_end));
  if (!parsed_number || !parsed_count) return std::nullopt;
  return ShardNumber{std::string(base.substr(0, dash)), std::string(after.substr(count_end)),
                     *parsed_number, *parsed_count, number.size()};
}

std::string with_number(const ShardNumber& shard, std::uint64_t number) {
  return shard.stem + '-' + zero_padded(number, shard.digits) + "-of-" +
         zero_padded(shard.count, shard.digits) + shard.suffix + std::string(extension);
}

}  // namespace safetensors::cli
