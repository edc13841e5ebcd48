#include "format/set_names.h"

#include "error.h"
#include "format/hex.h"
#include "format/utf8.h"

namespace st {
namespace {

constexpr std::string_view suffix = ".safetensors";

// Leaves room for the longest suffix in a file name of 255 bytes.
constexpr std::size_t longest_name = 200;

void check_part(std::string_view part, const char* what) {
  const auto reject = [&](const char* why) {
    throw Error(Code::invalid_argument, Message() << what << " " << Quoted{part} << " " << why);
  };
  if (part.empty()) reject("is empty");
  if (part.front() == '.') reject("begins with a dot");
  // Readers reject drives and backslashes, which are path syntax on other systems.
  if (part.find_first_of(std::string_view("/\\:\0", 4)) != part.npos) {
    reject("contains a slash, backslash, colon or NUL");
  }
  if (!is_utf8(part)) {
    throw Error(Code::utf8, Message() << what << " " << Quoted{part} << " is not UTF-8");
  }
}

// STEM[.VARIANT]
std::string base_of(const SetName& name) {
  std::string base(name.stem);
  if (!name.variant.empty()) base.append(".").append(name.variant);
  return base;
}

std::string padded(std::size_t number) {
  const std::string digits = std::to_string(number);
  return digits.size() < 5 ? std::string(5 - digits.size(), '0') + digits : digits;
}

}  // namespace

void check_set_name(const SetName& name) {
  check_part(name.stem, "the stem");
  if (!name.variant.empty()) check_part(name.variant, "the variant");
  const std::size_t length = name.stem.size() + name.variant.size();
  if (length > longest_name) {
    throw Error(Code::invalid_argument, Message() << "the stem and the variant have " << length
                                                  << " bytes, expected at most " << longest_name);
  }
}

std::string whole_file_name(const SetName& name) {
  return base_of(name).append(suffix);
}

std::string index_file_name(const SetName& name) {
  std::string text(name.stem);
  text.append(suffix).append(".index");
  if (!name.variant.empty()) text.append(".").append(name.variant);
  return text.append(".json");
}

std::string shard_file_name(const SetName& name, std::size_t number, std::size_t count,
                            std::string_view generation) {
  std::string text = base_of(name);
  text.append("-").append(padded(number)).append("-of-").append(padded(count));
  if (!generation.empty()) text.append(".").append(generation);
  return text.append(suffix);
}

std::string generation_of(std::uint32_t random) {
  char digits[8];
  write_hex(digits, random);
  return {digits, sizeof digits};
}

bool is_plain_shard_name(std::string_view name) noexcept {
  return name.size() > suffix.size() && name.ends_with(suffix) &&
         name.find_first_of(std::string_view("/\0", 2)) == name.npos;
}

}  // namespace st
