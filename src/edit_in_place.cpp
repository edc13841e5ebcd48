#include "edit_in_place.h"

#include "error.h"

namespace st {
namespace {

constexpr std::size_t length_size = 8;

// Runs `write`. If it throws, runs `restore`; if that throws too, the error says so.
template <class Write, class Restore>
void write_or_restore(Write write, Restore restore) {
  try {
    write();
  } catch (const Error& failure) {
    try {
      restore();
    } catch (const Error& second) {
      throw Error(failure.code(),
                  Message() << "the file's header is damaged: " << failure.what()
                            << "; it cannot be restored: " << second.what(),
                  failure.position(), failure.os_error());
    }
    throw;
  }
}

void sync(EditableFile* file, Durability durability) {
  if (durability == Durability::fsync) file->sync();
}

}  // namespace

void overwrite_header(EditableFile* file, std::span<const char> header, Durability durability) {
  const auto bytes = std::as_bytes(header);
  const Bytes old = file->source()->get(0, header.size());
  write_or_restore([&] { file->overwrite(length_size, bytes.subspan(length_size)); },
                   [&] {
                     file->overwrite(0, {old.data, header.size()});
                   });
  sync(file, durability);
}

bool insert_header(EditableFile* file, std::span<const char> header, std::uint64_t inserted,
                   Durability durability) {
  const auto bytes = std::as_bytes(header);
  // Everything is allocated before the file changes.
  const Bytes old = file->source()->get(0, header.size() - inserted);
  if (!file->insert_start(inserted)) return false;
  const auto write = [&] {
    file->overwrite(length_size, bytes.subspan(length_size));
    sync(file, durability);
    file->overwrite(0, bytes.first(length_size));
  };
  const auto restore = [&] {
    file->overwrite(inserted, {old.data, static_cast<std::size_t>(old.size)});
    file->remove_start(inserted);
  };
  write_or_restore(write, restore);
  sync(file, durability);
  return true;
}

}  // namespace st
