#include "cli/hash/hub_record.h"

#include <filesystem>
#include <fstream>

namespace safetensors::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t sha1_digits = 40, sha256_digits = 64;
constexpr int longest_link_chain = 40;  // as in Linux

std::optional<HubRecord> record_from_text(const std::string& text) {
  const bool is_hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hex || (text.size() != sha1_digits && text.size() != sha256_digits)) return std::nullopt;
  return HubRecord{text.size() == sha256_digits ? HashAlgorithm::Sha256 : HashAlgorithm::Sha1,
                   text};
}

std::optional<HubRecord> record_of_blob(fs::path path) {
  std::error_code error;
  for (int links = 0; links < longest_link_chain; ++links) {
    if (path.parent_path().filename() == "blobs") return record_from_text(path.filename().string());
    if (!fs::is_symlink(path, error)) break;
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / target;
  }
  return std::nullopt;
}

// The second line of ROOT/.cache/huggingface/download/NAME.metadata, where ROOT/NAME is the file.
std::optional<HubRecord> record_of_download(const fs::path& path) {
  std::error_code error;
  fs::path root = fs::absolute(path, error).parent_path();
  const fs::path real = fs::canonical(root, error);
  if (!error) root = real;
  fs::path name = path.filename();
  while (true) {
    const fs::path metadata =
        root / ".cache" / "huggingface" / "download" / (name.string() + ".metadata");
    std::ifstream stream(metadata);
    std::string commit, etag;
    if (std::getline(stream, commit) && std::getline(stream, etag)) return record_from_text(etag);
    if (!root.has_relative_path()) return std::nullopt;
    name = root.filename() / name;
    root = root.parent_path();
  }
}

}  // namespace

const char* HubRecord::algorithm_text() const {
  return algorithm == HashAlgorithm::Sha256 ? "SHA-256" : "Git SHA-1";
}

Digest HubRecord::begin(const RawFile& file) const {
  Digest digest(algorithm);
  if (algorithm == HashAlgorithm::Sha1) digest.update("blob " + std::to_string(file.size()) + '\0');
  return digest;
}

std::optional<HubRecord> find_hub_record(const std::string& path) {
  const auto blob = record_of_blob(path);
  return blob ? blob : record_of_download(path);
}

}  // namespace safetensors::cli
