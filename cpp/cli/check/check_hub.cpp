#include "cli/check/check_hub.h"

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "cli/exit_code.h"
#include "cli/hash/file_hash.h"
#include "cli/hash/hub_record.h"
#include "cli/output/progress_bar.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

namespace fs = std::filesystem;

struct RecordedFile {
  std::string name, path;
  HubRecord record;
};

std::set<std::string> file_names(const std::string& directory) {
  std::set<std::string> names;
  std::error_code error;
  fs::directory_iterator at(directory, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error))
    names.insert(at->path().filename().string());
  if (error)
    throw IoError("cannot read the directory " + quote(directory) + ": " + error.message());
  return names;
}

// The size of a file; nothing with a finding if it cannot be opened.
std::optional<std::uint64_t> size_of(const RecordedFile& file, Findings& findings) {
  try {
    return RawFile(file.path).size();
  } catch (const IoError& error) {
    findings.fault("unreadable", file.name, error.what(), {});
    return std::nullopt;
  }
}

// Returns whether the content of the file has the recorded hash.
bool check_content(const RecordedFile& recorded, ProgressBar& bar, std::uint64_t& done,
                   std::uint64_t total, Findings& findings) {
  const RawFile file(recorded.path);
  Digest digest = recorded.record.begin(file);
  add_content(file, digest, [&](std::uint64_t nbytes) { bar.advance_to(done += nbytes, total); });
  const std::string found = digest.hex();
  if (found == recorded.record.hash) return true;
  findings.fault("hash_mismatch", recorded.name,
                 std::string("the ") + recorded.record.algorithm_text() + " of its content is " +
                     found + ", the hub recorded " + recorded.record.hash +
                     ": damaged, or modified later",
                 "Remove it and download it again");
  return false;
}

}  // namespace

std::uint64_t check_hub_hashes(const std::string& directory, const std::set<std::string>& models,
                               bool has_others, Findings& findings) {
  std::set<std::string> names = models;
  if (has_others) names.merge(file_names(directory));
  std::vector<RecordedFile> files;
  std::vector<std::string> unrecorded;
  for (const std::string& name : names) {
    std::error_code error;
    const std::string path = (fs::path(directory) / name).string();
    if (!fs::is_regular_file(path, error)) continue;
    if (const auto record = find_hub_record(path))
      files.push_back({name, path, *record});
    else if (models.count(name))
      unrecorded.push_back(name);
  }
  if (files.empty())
    findings.warning("no_hashes", models.size() == 1 ? *models.begin() : std::string(),
                     "has no recorded hashes: not a download of huggingface_hub",
                     "Compare with safetensors verify");
  else
    for (const std::string& name : unrecorded)
      findings.warning("no_hashes", name,
                       "has no recorded hash, unlike other files of the model: its content was "
                       "not compared",
                       "Download it with huggingface_hub, or compare it with safetensors verify");
  std::uint64_t total = 0, done = 0, equal = 0;
  std::vector<const RecordedFile*> readable;
  for (const RecordedFile& file : files)
    if (const auto size = size_of(file, findings)) {
      total += *size;
      readable.push_back(&file);
    }
  ProgressBar bar("hashing");
  for (const RecordedFile* const file : readable) {
    try {
      equal += check_content(*file, bar, done, total, findings);
    } catch (const IoError& error) {
      findings.fault("unreadable", file->name, error.what(), {});
    }
  }
  return equal;
}

}  // namespace safetensors::cli
