#include "open_set.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "error.h"
#include "format/directory_set.h"
#include "set_index.h"

namespace st {
namespace {

// A set that another process replaces is opened again. Each attempt fails only if the other process
// has replaced the set once more meanwhile.
constexpr int most_attempts = 1000;

// `on_missing` throws the error for the shard at this position, which does not exist.
using OnMissing = std::function<void(std::size_t, const Error&)>;

// The first `kept_open` shards stay open.
std::vector<Shard> open_shards(const Directory& directory, const std::vector<std::string>& paths,
                               std::size_t kept_open, const OpenSetOptions& options,
                               const OnMissing& on_missing) {
  std::vector<Shard> shards;
  shards.reserve(paths.size());
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    std::shared_ptr<const Source> source;
    try {
      source = directory.open(paths[i], options.backend, options.access, i < kept_open);
    } catch (const Error& error) {
      if (error.code() == Code::not_found) on_missing(i, error);
      throw;
    }
    File file = open_named_file(std::move(source), options.header);
    const std::uint64_t size = file.source->size();
    shards.push_back({std::move(file.source), std::move(file.header), offset, 0});
    offset += size;
    if (offset > INT64_MAX) {
      throw Error(Code::overflow, Message() << "the shards have more than 2^63 - 1 bytes");
    }
  }
  return shards;
}

std::vector<ShardTensors> tensors_of(const std::vector<Shard>& shards, bool chosen) {
  std::vector<ShardTensors> tensors;
  for (const Shard& shard : shards) {
    tensors.push_back({shard.header, shard.first_offset, shard.source->name(),
                       std::vector<bool>(shard.header->tensors().size(), chosen)});
  }
  return tensors;
}

File join(std::string name, std::vector<Shard> shards, const std::vector<ShardTensors>& tensors,
          std::optional<std::string> index_metadata, std::shared_ptr<const Source> index) {
  std::vector<SourcePart> parts;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    parts.push_back({shards[i].first_offset, shards[i].source});
    const auto& chosen = tensors[i].chosen;
    shards[i].tensor_count =
        static_cast<std::uint64_t>(std::count(chosen.begin(), chosen.end(), true));
  }
  auto header = join_headers(tensors);
  auto set = std::make_shared<const SetParts>(
      SetParts{std::move(shards), std::move(index_metadata), std::move(index)});
  return {concatenate(std::move(name), std::move(parts)),
          std::move(header),
          std::move(set),
          {},
          nullptr};
}

[[noreturn]] void reject_missing(const OpenedIndex& opened, std::size_t shard, const Error& error) {
  const auto& entries = opened.index.entries;
  const auto first = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.shard == shard; });
  throw Error(Code::set_shard_missing,
              Message() << "the shard " << Quoted{opened.index.shards[shard]}
                        << " does not exist: the index " << Quoted{opened.path}
                        << " assigns tensor " << Quoted{first->name} << " to it",
              no_position, error.os_error());
}

File open_indexed(const Directory& directory, const OpenedIndex& opened, std::size_t kept_open,
                  const OpenSetOptions& options) {
  std::vector<Shard> shards = open_shards(
      directory, opened.index.shards, kept_open, options,
      [&](std::size_t shard, const Error& error) { reject_missing(opened, shard, error); });
  std::vector<ShardTensors> tensors = tensors_of(shards, false);
  choose_mapped(opened, &tensors);
  if (options.policy == SetPolicy::all) choose_unmapped(opened, &tensors);
  try {
    return join(opened.path, std::move(shards), tensors, opened.metadata, opened.source);
  } catch (const Error& error) {
    if (error.code() != Code::duplicate || options.policy == SetPolicy::all) throw;
    throw Error(Code::set_index, Message() << error.what() << ", in " << Quoted{opened.path});
  }
}

// Runs `attempt` until `has_changed(failed)` returns false after it.
template <class Attempt, class HasChanged>
File open_stable(std::string_view path, Attempt attempt, HasChanged has_changed) {
  for (int i = 1; i < most_attempts; ++i) {
    try {
      File file = attempt();
      if (!has_changed(false)) return file;
    } catch (const Error&) {
      if (!has_changed(true)) throw;
    }
  }
  throw Error(Code::changed, Message() << "the set " << Quoted{path}
                                       << " was replaced each time it was read: " << most_attempts
                                       << " attempts");
}

// `whole` is a file beside the index that has the same set, or empty.
File open_index(const Directory& directory, const std::string& name, const std::string& whole,
                const OpenSetOptions& options) {
  std::optional<FileIdentity> read;
  const std::size_t descriptors = descriptors_for_files();
  const bool keeps_index = descriptors > 0;
  const auto attempt = [&] {
    read.reset();
    const OpenedIndex opened = read_index(directory, name, keeps_index);
    read = opened.source->identity();
    const auto& shards = opened.index.shards;
    if (!whole.empty() && !std::binary_search(shards.begin(), shards.end(), whole)) {
      throw_ambiguous(directory.path(), name, whole);
    }
    return open_indexed(directory, opened, keeps_index ? descriptors - 1 : 0, options);
  };
  return open_stable(directory.path_of(name), attempt,
                     [&](bool) { return read && directory.identify(name) != read; });
}

// Whether the directory has an index for one of its shards. A list of a directory that changes
// meanwhile may lack it.
bool has_unlisted_index(const Directory& directory, const SetFiles& set) {
  for (const std::string& file : set.files) {
    for (const std::string& index : index_names_of_shard(file)) {
      if (directory.identify(index)) return true;
    }
  }
  return false;
}

// The files of a directory without an index.
File open_files(const Directory& directory, const SetFiles& set, const OpenSetOptions& options) {
  if (set.files.size() == 1) {
    return open_named_file(directory.open(set.files.front(), options.backend, options.access, true),
                           options.header);
  }
  std::vector<Shard> shards = open_shards(directory, set.files, descriptors_for_files(), options,
                                          [](std::size_t, const Error&) {});
  const std::vector<ShardTensors> tensors = tensors_of(shards, true);
  return join(directory.path(), std::move(shards), tensors, std::nullopt, nullptr);
}

// The entries of a directory that belong to sets, and the files that its indexes, or without an
// index all entries, referred to. Names alone do not tell whether a set was replaced by another and
// back.
struct Listing {
  std::vector<std::string> names;
  std::vector<std::optional<FileIdentity>> files;  // nothing for a dangling link

  bool operator==(const Listing&) const = default;
};

Listing list(const Directory& directory) {
  Listing listing;
  listing.names = directory.names();
  std::erase_if(listing.names, [](const std::string& name) { return !belongs_to_set(name); });
  std::sort(listing.names.begin(), listing.names.end());
  const bool has_index = std::any_of(listing.names.begin(), listing.names.end(), is_index_name);
  for (const std::string& name : listing.names) {
    if (has_index && !is_index_name(name)) continue;
    try {
      listing.files.push_back(directory.identify(name));
    } catch (const Error&) {  // of a file that the set may not have
      listing.files.push_back(std::nullopt);
    }
  }
  return listing;
}

File open_directory_set(const char* path, const OpenSetOptions& options) {
  const auto directory = open_directory(path);
  SetFiles set;
  Listing listing;
  const auto attempt = [&] {
    set = SetFiles();
    listing = list(*directory);
    set = choose_set(listing.names, path);
    if (!set.index.empty()) return open_index(*directory, set.index, set.whole, options);
    return open_files(*directory, set, options);
  };
  const auto has_changed = [&](bool failed) {
    if (!set.index.empty() && !failed) return false;  // open_index has compared the index
    return has_unlisted_index(*directory, set) || list(*directory) != listing;
  };
  File file = open_stable(path, attempt, has_changed);
  file.chosen_of = std::make_shared<const DirectoryFiles>(
      DirectoryFiles{directory->absolute_path(), std::move(listing.names)});
  return file;
}

File open_index_path(const std::string& path, const OpenSetOptions& options) {
  const std::size_t name = path.rfind('/') + 1;  // 0 without a slash
  const auto directory = open_directory(path.substr(0, name));
  return open_index(*directory, path.substr(name), {}, options);
}

}  // namespace

File open_set(const char* path, const OpenSetOptions& options) {
  if (*path == '\0') throw Error(Code::invalid_argument, Message() << "the path is empty");
  if (is_directory(path)) return open_directory_set(path, options);
  if (is_index_path(path)) return open_index_path(path, options);
  return open_named_file(open_path(path, options.backend, options.access), options.header);
}

}  // namespace st
