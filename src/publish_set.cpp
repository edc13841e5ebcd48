#include "publish_set.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "error.h"
#include "format/directory_set.h"
#include "format/old_shards.h"

namespace st {
namespace {

constexpr std::uint64_t max_index_size = 100'000'000;
constexpr std::uint64_t max_journal_size = 1'000'000'000;
constexpr char journal_name[] = "journal";
constexpr char staged_index_name[] = "index";

std::set<std::string> named_shards(const SetDirectory& directory, const std::string& index) {
  const auto text = directory.read(index, max_index_size);
  return text ? old_shards(*text) : std::set<std::string>();
}

void write_staged(const SetDirectory& directory, StagingDirectory* staging, const std::string& name,
                  const std::string& text) {
  const auto file = staging->create(name, directory.path_of(name), text.size());
  const std::span<const std::byte> piece = std::as_bytes(std::span(text));
  file->write({&piece, 1});
  file->commit();
}

// Removes the files that the journal lists for the time after the commit. Returns whether it could.
bool remove_old(SetDirectory* directory, const SetJournal& journal,
                const std::set<std::string>& named) {
  bool all_removed = true;
  for (const auto& file : journal.removed) {
    if (named.contains(file.name) || directory->find(file.name) != file.identity) continue;
    all_removed = directory->remove(file.name) && all_removed;
  }
  return all_removed;
}

// Whether `name` is one of the files that remove_old() removes.
bool removes(const SetDirectory& directory, const SetJournal& journal, const std::string& name) {
  for (const auto& file : journal.removed)
    if (file.name == name) return directory.find(name) == file.identity;
  return false;
}

// Moves the files that were renamed before the commit back to the staging directory.
bool undo(SetDirectory* directory, StagingDirectory* staging, const SetJournal& journal,
          const std::set<std::string>& named) {
  bool all_undone = true;
  for (const auto& file : journal.added) {
    if (named.contains(file.name) || directory->find(file.name) != file.identity) continue;
    all_undone = staging->unpublish(file.name, file.staged) && all_undone;
  }
  return all_undone;
}

// One publication. Until commit() the destructor undoes it.
class Publication {
 public:
  Publication(SetDirectory* directory, StagingDirectory* staging, SetJournal journal)
      : directory_(directory), staging_(staging), journal_(std::move(journal)) {
    if (journal_.added.empty() && journal_.removed.empty()) return;
    write_staged(*directory, staging, journal_name, write_journal(journal_));
  }
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;

  ~Publication() {
    bool undone = true;
    while (!committed_ && published_ > 0) {
      const auto& file = journal_.added[--published_];
      undone = staging_->unpublish(file.name, file.staged) && undone;
    }
    // With its journal, the next publication can still do it.
    if (!undone) staging_->keep(true);
  }

  // Returns false if one of the names exists by now.
  bool publish_shards() {
    for (const auto& file : journal_.added) {
      if (!staging_->publish(file.staged, file.name)) return false;
      ++published_;
    }
    if (!journal_.added.empty()) directory_->sync("cannot fsync the directory");
    return true;
  }

  void commit(const std::string& name) {
    staging_->replace(journal_.commit, name);
    committed_ = true;
    staging_->keep(true);  // until the old files are removed
    directory_->sync("the set was replaced, but its directory was not synced: cannot fsync");
  }

  // Failures are left to the next publication, for which the journal is kept.
  void remove_old_files() noexcept {
    bool all_removed = true;
    for (const auto& file : journal_.removed)
      all_removed = directory_->remove(file.name) && all_removed;
    staging_->keep(!all_removed);
  }

 private:
  SetDirectory* directory_;
  StagingDirectory* staging_;
  SetJournal journal_;
  std::size_t published_ = 0;
  bool committed_ = false;
};

std::vector<std::string> choose_names(const SetDirectory& directory, const StagedSet& set,
                                      const std::string& generation) {
  std::vector<std::string> names;
  const std::size_t count = set.staged.size();
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back(shard_file_name(set.name, i + 1, count, generation));
    if (directory.find(names.back())) return {};
  }
  return names;
}

class Publisher {
 public:
  Publisher(SetDirectory* directory, StagingDirectory* staging, const StagedSet& set)
      : directory_(directory),
        staging_(staging),
        set_(set),
        index_(index_file_name(set.name)),
        whole_file_(whole_file_name(set.name)),
        old_(named_shards(*directory, index_)) {}

  void publish_whole_file() {
    SetJournal journal;
    journal.commit = set_.staged.front();
    // A reader of the directory must not take the whole file and the old shards for one set without
    // an index. It recognizes shards by their usual names; others are removed before the index.
    const bool index_first = std::all_of(old_.begin(), old_.end(), [this](const std::string& name) {
      return name == whole_file_ || whole_file_of_shard(name) == whole_file_;
    });
    if (index_first) add_removed(&journal, index_);
    for (const std::string& name : old_)
      if (name != whole_file_) add_removed(&journal, name);
    if (!index_first) add_removed(&journal, index_);
    Publication publication(directory_, staging_, std::move(journal));
    publication.commit(whole_file_);
    publication.remove_old_files();
  }

  // Returns false if a name was in use.
  bool publish_shards(const std::string& generation) {
    const std::vector<std::string> names = choose_names(*directory_, set_, generation);
    if (names.empty()) return false;
    write_staged(*directory_, staging_, staged_index_name, set_.index(names));
    SetJournal journal;
    journal.commit = staged_index_name;
    for (std::size_t i = 0; i < names.size(); ++i)
      journal.added.push_back({set_.staged[i], names[i], identity_of(set_.staged[i])});
    add_removed(&journal, whole_file_);
    for (const std::string& name : old_)
      if (name != whole_file_) add_removed(&journal, name);
    Publication publication(directory_, staging_, std::move(journal));
    if (!publication.publish_shards()) return false;
    publication.commit(index_);
    publication.remove_old_files();
    return true;
  }

 private:
  FileStamp identity_of(const std::string& staged) const {
    const auto identity = staging_->find(staged);
    if (identity) return *identity;
    throw Error(Code::io, Message() << "the staged file of a shard was removed from the directory "
                                    << Quoted{directory_->path_of("")});
  }

  void add_removed(SetJournal* journal, const std::string& name) const {
    if (const auto identity = directory_->find(name)) journal->removed.push_back({name, *identity});
  }

  SetDirectory* directory_;
  StagingDirectory* staging_;
  const StagedSet& set_;
  std::string index_, whole_file_;
  std::set<std::string> old_;  // shards that the old index names
};

}  // namespace

void recover_staging(SetDirectory* directory, StagingDirectory* staging, const std::string& index) {
  const auto text = staging->read(journal_name, max_journal_size);
  const auto journal = text ? parse_journal(*text) : std::nullopt;
  bool keeps = staging->is_resumable();
  if (journal) {
    const bool committed = !staging->find(journal->commit);
    std::set<std::string> named;
    if (!committed || !removes(*directory, *journal, index)) {
      named = named_shards(*directory, index);
    }
    if (committed) {
      keeps = !remove_old(directory, *journal, named);
    } else if (!undo(directory, staging, *journal, named) || !staging->remove(journal_name)) {
      keeps = true;
    }
  }
  staging->keep(keeps);
}

void recover_sets(SetDirectory* directory, const std::string& index) {
  for (const auto& staging : directory->abandoned()) {
    try {
      recover_staging(directory, staging.get(), index);
    } catch (const Error&) {  // the next publication tries again
    }
  }
}

void publish_set(SetDirectory* directory, StagingDirectory* staging, const StagedSet& set) {
  const auto lock = directory->lock();
  recover_sets(directory, index_file_name(set.name));
  Publisher publisher(directory, staging, set);
  if (set.staged.size() == 1) {
    publisher.publish_whole_file();
    return;
  }
  constexpr int most_attempts = 100;
  std::string generation;  // the final names first
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (publisher.publish_shards(generation)) return;
    generation = generation_of(static_cast<std::uint32_t>(random_bits()));
  }
  throw Error(Code::io, Message() << "cannot find names for the shards that do not exist in "
                                  << Quoted{directory->path_of("")});
}

}  // namespace st
