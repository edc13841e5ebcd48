#include "edit.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "edit_in_place.h"
#include "error.h"
#include "file.h"

namespace st {
namespace {

// Smaller files are copied, which pads the header as a save does.
constexpr std::uint64_t smallest_clone = 128 << 10;
constexpr std::uint64_t copied_piece = 64 << 20;  // between two calls of the progress callback

// Adds the path to the messages of errors of reading.
template <class Action>
decltype(auto) reading(const char* path, Action action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.code(), Message() << error.what() << ", in " << Quoted{path},
                error.position(), error.os_error());
  }
}

// The old file, and the text of the new header.
struct Change {
  File old;
  HeaderWriter header;
  std::uint64_t text_size;  // with the 8 bytes of its length

  std::uint64_t data_size() const { return old.source->size() - old.header->data_offset(); }
};

// Nothing if the file has the entries and names already.
std::optional<Change> prepare(const char* path, std::shared_ptr<const Source> source,
                              const HeaderEdit& edit) {
  File old = reading(path, [&] { return open_file(std::move(source), HeaderOptions{}); });
  const EditedHeader edited = reading(path, [&] { return apply_edit(*old.header, edit); });
  if (!edited.changed) return std::nullopt;
  HeaderWriter header = write_edited(*old.header, edited);
  const std::uint64_t text_size = header.finish_text();
  return Change{std::move(old), std::move(header), text_size};
}

// The smallest offset from `least` on that has the remainder of `offset` modulo `block`.
std::uint64_t congruent(std::uint64_t least, std::uint64_t offset, std::uint64_t block) {
  const std::uint64_t remainder = offset % block;
  return round_up(least - std::min(least, remainder), block) + remainder;
}

void write(AtomicFile* file, std::span<const char> header) {
  const std::span<const std::byte> piece = std::as_bytes(header);
  file->write({&piece, 1});
}

// Writes the new file with the blocks of the old one's data. Returns false, and has written
// nothing, if the file system cannot share blocks.
bool clone_data(Change* change, AtomicFile* file, const Progress& progress) {
  const Source& source = *change->old.source;
  const std::uint64_t block = file->block_size();
  if (block == 0 || change->data_size() < smallest_clone + block) return false;
  const std::uint64_t old_offset = change->old.header->data_offset();
  const std::uint64_t new_offset = congruent(change->text_size, old_offset, block);
  if (new_offset > max_header_size) return false;
  const std::uint64_t shared = round_up(old_offset, block);
  if (!file->clone_tail(source, shared, round_up(new_offset, block))) return false;
  write(file, change->header.finish(new_offset));
  file->append_from(source, old_offset, shared - old_offset);
  const std::uint64_t total = new_offset + change->data_size();
  report_progress(progress, total, total);
  return true;
}

// Writes the new file as a save does.
void copy_data(Change* change, AtomicFile* file, const Progress& progress) {
  constexpr std::uint64_t alignment = 8;
  const Source& source = *change->old.source;
  const std::uint64_t new_offset = round_up(change->text_size, alignment);
  const std::uint64_t total = new_offset + change->data_size();
  const std::vector<char> header = change->header.finish(new_offset);
  file->reserve(total);
  write(file, header);
  report_progress(progress, new_offset, total);
  for (std::uint64_t offset = change->old.header->data_offset(); offset < source.size();) {
    const std::uint64_t count = std::min(copied_piece, source.size() - offset);
    file->append_from(source, offset, count);
    offset += count;
    report_progress(progress, total - (source.size() - offset), total);
  }
}

EditMethod replace_file(const char* path, Change change, const FileOptions& options,
                        const Progress& progress) {
  const auto file = create_atomic_file(path, options, 0);
  const bool cloned = clone_data(&change, file.get(), progress);
  if (!cloned) copy_data(&change, file.get(), progress);
  change.old.source->verify_unchanged();
  file->commit();
  return cloned ? EditMethod::clone : EditMethod::copy;
}

}  // namespace

EditMethod edit_file(const char* path, const HeaderEdit& edit, const FileOptions& options,
                     const Progress& progress) {
  auto change = prepare(path, open_path(path, Backend::pread, Access::read_only), edit);
  if (!change) return EditMethod::unchanged;
  return replace_file(path, std::move(*change), options, progress);
}

EditMethod edit_file_in_place(const char* path, const HeaderEdit& edit, Durability durability,
                              const Progress& progress) {
  const auto file = open_to_edit(path);
  auto change = prepare(path, file->source(), edit);
  if (!change) return EditMethod::unchanged;
  const std::uint64_t old_offset = change->old.header->data_offset();
  change->old.source->verify_unchanged();
  if (change->text_size <= old_offset) {
    overwrite_header(file.get(), change->header.finish(old_offset), durability);
    return EditMethod::overwrite;
  }
  const std::uint64_t block = file->block_size();
  const std::uint64_t inserted = block == 0 ? 0 : round_up(change->text_size - old_offset, block);
  if (inserted > 0 && old_offset + inserted <= max_header_size) {
    HeaderWriter copy = change->header;  // replace_file() needs the text if this fails
    const std::vector<char> header = copy.finish(old_offset + inserted);
    if (insert_header(file.get(), header, inserted, durability)) return EditMethod::insert;
  }
  FileOptions options;
  options.durability = durability;
  options.link = LinkPolicy::follow;
  return replace_file(path, std::move(*change), options, progress);
}

}  // namespace st
