#include "cli/check/hub_hash.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "cli/exit_code.h"
#include "cli/hash/digest.h"
#include "cli/input/raw_file.h"
#include "cli/output/progress_bar.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t sha1_digits = 40, sha256_digits = 64;

std::optional<HubHash> hash_from_text(const std::string& text) {
  const bool is_hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hex || (text.size() != sha1_digits && text.size() != sha256_digits)) return std::nullopt;
  return HubHash{text.size() == sha256_digits, text};
}

// The second line of DIRECTORY/.cache/huggingface/download/NAME.metadata.
std::optional<HubHash> hash_of_local_download(const fs::path& path) {
  const fs::path metadata = path.parent_path() / ".cache" / "huggingface" / "download" /
                            (path.filename().string() + ".metadata");
  std::ifstream stream(metadata);
  std::string commit, etag;
  if (!std::getline(stream, commit) || !std::getline(stream, etag)) return std::nullopt;
  return hash_from_text(etag);
}

struct RecordedFile {
  std::string name, path;
  HubHash hash;
};

std::vector<RecordedFile> recorded_files(const std::string& directory, const std::string& name) {
  std::vector<RecordedFile> files;
  const auto add = [&](const fs::path& path) {
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return;
    if (const auto hash = recorded_hash(path.string()))
      files.push_back({path.filename().string(), path.string(), *hash});
  };
  if (!name.empty()) {
    add(fs::path(directory) / name);
    return files;
  }
  std::error_code error;
  fs::directory_iterator at(directory, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error))
    add(at->path());
  if (error)
    throw IoError("cannot read the directory " + quote(directory) + ": " + error.message());
  std::sort(files.begin(), files.end(),
            [](const RecordedFile& a, const RecordedFile& b) { return a.name < b.name; });
  return files;
}

}  // namespace

std::optional<HubHash> recorded_hash(const std::string& path) {
  std::error_code error;
  const fs::path link = fs::path(path);
  const fs::path blob = fs::is_symlink(link, error) ? fs::read_symlink(link, error) : link;
  if (blob.parent_path().filename() == "blobs") return hash_from_text(blob.filename().string());
  return hash_of_local_download(link);
}

std::string content_hash(const std::string& path, bool is_sha256,
                         const std::function<void(std::uint64_t)>& advance) {
  constexpr std::size_t piece = std::size_t{1} << 20;
  const RawFile file(path);
  Digest digest(is_sha256 ? HashAlgorithm::Sha256 : HashAlgorithm::Sha1);
  if (!is_sha256) {
    // Git hashes a header that ends with NUL before the content.
    digest.update("blob " + std::to_string(file.size()) + '\0');
  }
  for (std::uint64_t offset = 0; offset < file.size(); offset += piece) {
    const std::string bytes = file.text_at(offset, piece);
    digest.update(std::string_view(bytes));
    advance(bytes.size());
  }
  return digest.hex();
}

std::uint64_t check_hub_hashes(const std::string& directory, const std::string& name,
                               Findings& findings) {
  const std::vector<RecordedFile> files = recorded_files(directory, name);
  if (files.empty())
    findings.warning("no_hashes", name, "has no recorded hashes: not a download of huggingface_hub",
                     "Compare with safetensors verify");
  std::uint64_t total = 0, done = 0, equal = 0;
  for (const RecordedFile& file : files)
    total += RawFile(file.path).size();
  ProgressBar bar("hashing");
  for (const RecordedFile& file : files) {
    const std::string found =
        content_hash(file.path, file.hash.is_sha256,
                     [&](std::uint64_t nbytes) { bar.advance_to(done += nbytes, total); });
    if (found == file.hash.hex) {
      ++equal;
      continue;
    }
    const char* const algorithm = file.hash.is_sha256 ? "SHA-256" : "Git SHA-1";
    findings.fault("hash_mismatch", file.name,
                   std::string("the ") + algorithm + " of its content is " + found +
                       ", the hub recorded " + file.hash.hex + ": damaged, or modified later",
                   "Remove it and download it again");
  }
  return equal;
}

}  // namespace safetensors::cli
