#include "cli/hash/verify.h"

#include <filesystem>
#include <memory>

#include "cli/exit_code.h"
#include "cli/hash/checksum_line.h"
#include "cli/hash/file_hash.h"
#include "cli/hash/mismatch.h"
#include "cli/hash/model_hashes.h"
#include "cli/input/raw_file.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/text.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t largest_hashes = 200'000'000;  // bytes

struct Verified {
  std::uint64_t files = 0, tensors = 0;  // that were compared
  std::vector<Mismatch> mismatches;
  bool has_unreadable = false;  // a file that exists and cannot be read
};

std::string read_hashes(const std::string& path) {
  const RawFile file(path);
  if (file.size() > largest_hashes)
    throw InvalidInput(quote(path) + " has " + human_bytes(file.size()) +
                       ", which hashes never have");
  return file.text_at(0, static_cast<std::size_t>(file.size()));
}

void verify_line(const ChecksumLine& line, Verified& verified) {
  ++verified.files;
  try {
    const std::string found = file_hash(line.name, line.algorithm);
    if (found != line.hash)
      verified.mismatches.push_back(
          {"file", line.name, {}, 0, 0, line.hash, found, "file " + quote(line.name) + " differs"});
  } catch (const IoError& error) {
    std::error_code status;
    const bool is_missing = !std::filesystem::exists(line.name, status) && !status;
    verified.has_unreadable |= !is_missing;
    verified.mismatches.push_back({is_missing ? "missing_file" : "unreadable_file",
                                   line.name,
                                   {},
                                   0,
                                   0,
                                   line.hash,
                                   {},
                                   error.what()});
  }
}

Verified verify_lines(std::string_view text, const std::string& path) {
  Verified verified;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const auto parsed = parse_checksum_line(line);
    if (!parsed)
      throw InvalidInput(quote(path) + " is neither a manifest of safetensors hash --json nor a " +
                         "list of checksums: line " + std::to_string(number) +
                         " is not a hash and a name");
    verify_line(*parsed, verified);
  }
  if (verified.files == 0) throw InvalidInput(quote(path) + " has no hashes");
  return verified;
}

Verified verify_manifest(std::string_view text, const VerifyOptions& options) {
  const Manifest manifest = parse_manifest(text, options.hashes);
  const std::string& path = options.path.empty() ? manifest.path : options.path;
  return {manifest.files.size(), manifest.tensors.size(),
          compare_with_manifest(manifest, path, options.data), false};
}

void print_text(const Verified& verified, Output& out) {
  std::size_t shown = 0;
  for (const Mismatch& mismatch : verified.mismatches)
    if (shown++ < longest_list) out.print_line(mismatch.message);
  if (shown > longest_list)
    out.print_line("... and " + grouped(shown - longest_list) + " more: --json lists all");
  std::string compared = counted(verified.files, "file");
  if (verified.tensors > 0) compared += ", " + counted(verified.tensors, "tensor");
  if (verified.mismatches.empty())
    out.print_line(out.painted(Style::Green, "ok") + ": " + compared);
  else
    out.print_line(out.painted(Style::Red, counted(shown, "difference")) + " in " + compared);
}

void print_json(const VerifyOptions& options, const Verified& verified, Output& out) {
  Json json(out);
  json.begin_object()
      .member("hashes", options.hashes)
      .member("ok", verified.mismatches.empty())
      .member("files", verified.files)
      .member("tensors", verified.tensors)
      .key("differences")
      .begin_array();
  for (const Mismatch& mismatch : verified.mismatches)
    json.begin_object()
        .member("code", mismatch.code)
        .member("file", mismatch.file)
        .member("tensor", mismatch.tensor)
        .member("begin", mismatch.begin)
        .member("end", mismatch.end)
        .member("expected", mismatch.expected)
        .member("found", mismatch.found)
        .end_object();
  json.end_array().end_object();
}

}  // namespace

Command verify_command() {
  const auto options = std::make_shared<VerifyOptions>();
  Command command;
  command.name = "verify";
  command.summary = "compare files with hashes that were recorded; names the tensors that differ";
  command.details = {
      "HASHES is what safetensors hash printed: a manifest (--json), or the lines of files, which "
      "sha256sum prints too. Relative paths count from the working directory, as in sha256sum "
      "-c.",
      "With a manifest, the files are compared, and where one differs, the tensors: each that "
      "differs is named, with its bytes in the file. Exit code 1 for a difference."};
  Argument& hashes = command.positional("HASHES", &options->hashes, "a manifest or checksums");
  hashes.completion = Completion::File;
  Argument& path = command.optional_positional(
      "PATH", &options->path, "with a manifest: the model, if it is not where the manifest says");
  path.completion = Completion::Model;
  command.flag("-d,--data", &options->data,
               "with a manifest: compare only the tensors, not the metadata and the files");
  command.examples = {{"verify hashes.json", "the model that the manifest names"},
                      {"verify hashes.json copy/ --data", "a copy, also in other files"},
                      {"verify SHA256SUMS", "as sha256sum -c"}};
  command.run = [options](Output& out) { return run_verify(*options, out); };
  return command;
}

int run_verify(const VerifyOptions& options, Output& out) {
  const std::string text = read_hashes(options.hashes);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_manifest = first != std::string::npos && text[first] == '{';
  if (!is_manifest && (options.data || !options.path.empty()))
    throw UsageError("PATH and --data need a manifest, which safetensors hash --json prints: " +
                     quote(options.hashes) + " has lines of checksums");
  const Verified verified =
      is_manifest ? verify_manifest(text, options) : verify_lines(text, options.hashes);
  if (out.json)
    print_json(options, verified, out);
  else
    print_text(verified, out);
  if (verified.has_unreadable) return exit_io;
  return verified.mismatches.empty() ? exit_success : exit_invalid;
}

}  // namespace safetensors::cli
