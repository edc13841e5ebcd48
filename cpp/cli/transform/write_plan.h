// WritePlan: the tensors that a command writes, and where: a file or a set. Data is read while it
// is written, in constant memory; the target is replaced atomically.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/arguments/command.h"
#include "cli/output/json.h"
#include "cli/output/output.h"

namespace safetensors::cli {

struct PlannedTensor {
  std::string name;
  Dtype dtype{};
  std::vector<std::uint64_t> shape;
  std::uint64_t nbytes = 0;
  ReadAt fill;  // provides the bytes, in ascending order of the offset
};

struct WritePlan {
  std::vector<PlannedTensor> tensors;  // for a set in this order
  Metadata metadata;                   // of every file
  MetadataForm metadata_form = MetadataForm::Absent;
  // Each throws if a source has changed since it was opened.
  std::vector<std::function<void()>> source_checks;
};

// Where a command writes, and how.
struct TargetOptions {
  std::string output;  // a file if it ends with ".safetensors", else a directory
  std::uint64_t max_size = 5'000'000'000;
  std::string stem = "model";
  bool balanced = false;
  bool sorted_index = false;
  bool force = false;
  bool dry_run = false;
  bool fsync = false;

  bool is_file() const;
  // The file of a set that has one file, in the directory.
  std::string whole_file() const;
  SaveOptions save_options() const;
  SetOptions set_options() const;
};

enum class TargetForm { FileOrDirectory, Directory };

// Adds -o, the options of sets, --force, --dry-run and --fsync.
void add_target(Command& command, TargetOptions* target,
                TargetForm form = TargetForm::FileOrDirectory);

// A file that a command wrote, or would write.
struct WrittenFile {
  std::string path;
  std::uint64_t nbytes = 0;
  std::uint64_t tensors = 0;
};

// Writes the plan, or with --dry-run only computes the files. Throws UsageError if the target
// exists without --force, or if two tensors have the same name, and Error if a source changes
// meanwhile; the target is then as before. `title` is that of the progress bar.
std::vector<WrittenFile> write_plan(const WritePlan& plan, const TargetOptions& target,
                                    const std::string& title);

// Throws UsageError if the target exists and --force is not given.
void check_target(const TargetOptions& target);

// Writes the member "files" of an object.
void write_files_json(const std::vector<WrittenFile>& files, Json& json);

// Prints what write_plan returned.
void report_written(const std::vector<WrittenFile>& files, const TargetOptions& target,
                    Output& out);

// The files of the set that was written to a directory.
std::vector<WrittenFile> written_set(const TargetOptions& target);

}  // namespace safetensors::cli
