#include "cli/check/check_index.h"

#include <string_view>

#include "cli/check/check_file.h"
#include "cli/check/foreign_file.h"
#include "cli/exit_code.h"
#include "cli/input/raw_file.h"

namespace safetensors::cli {

namespace {

const char* const remedy = "safetensors reindex --force writes a new one";

void classify_defect(const RawFile& file, const std::string& name, const std::string& defect,
                     Findings& findings) {
  const std::string begin = file.text_at(0, foreign_bytes);
  const bool is_utf16 = begin.substr(0, 2) == "\xFF\xFE" || begin.substr(0, 2) == "\xFE\xFF";
  const bool has_mark = begin.substr(0, 3) == "\xEF\xBB\xBF";
  const std::size_t text = begin.find_first_not_of(" \t\r\n", has_mark ? 3 : 0);
  const bool is_json = text != std::string::npos && begin[text] == '{';
  const ForeignFile foreign = recognize_foreign_file(begin);
  std::string what = defect;
  if (file.size() == 0)
    what = "empty";
  else if (is_utf16)
    what = "it is UTF-16, expected UTF-8";
  else if (is_json && has_mark)
    what = "it begins with a byte order mark";
  else if (!is_json && !foreign.code.empty())
    what = foreign.what;
  const bool is_pointer = foreign.code == "lfs_pointer";
  findings.fault("index", name, "not a valid index: " + what,
                 is_pointer ? foreign.remedy : std::string(remedy));
}

}  // namespace

std::optional<RawIndex> check_index_text(const std::string& path, const std::string& name,
                                         Findings& findings) {
  if (!check_link(path, name, findings)) return std::nullopt;
  RawIndex index;
  try {
    index = read_raw_index(path);
  } catch (const IoError& error) {
    findings.fault("unreadable", name, error.what(), {});
    return std::nullopt;
  }
  if (!index.defect.empty()) {
    classify_defect(RawFile(path), name, index.defect, findings);
    return std::nullopt;
  }
  if (!index.invalid_paths.empty())
    findings.fault("index_path", name,
                   "paths of shards that are not allowed: " + some_names(index.invalid_paths),
                   remedy);
  if (!index.repeated_tensors.empty())
    findings.fault(
        "duplicate", name,
        "the weight_map has more than one entry for " + some_names(index.repeated_tensors), remedy);
  return index;
}

}  // namespace safetensors::cli
