#include "publish_set.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <string>

#include "code_of.hpp"
#include "error.h"
#include "format/old_shards.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

constexpr char index_name[] = "model.safetensors.index.json";
constexpr char whole_name[] = "model.safetensors";

std::unique_ptr<SetDirectory> open_directory(const std::filesystem::path& path) {
  return open_set_directory(path.c_str(), index_name, whole_name, {});
}

void write_staged(StagingDirectory* staging, const std::string& name, const std::string& text) {
  const auto file = staging->create(name, name, text.size());
  const auto bytes = std::as_bytes(std::span<const char>(text));
  file->write({&bytes, 1});
  file->commit();
}

StagedSet two_shards() {
  return {{}, {"1", "2"}, [](const std::vector<std::string>& names) {
            return R"({"weight_map":{"a":")" + names[0] + R"(","b":")" + names[1] + R"("}})";
          }};
}

void publish(SetDirectory* directory, const StagedSet& set) {
  const auto staging = directory->stage(StagingKind::temporary);
  for (const std::string& name : set.staged)
    write_staged(staging.get(), name, "shard " + name);
  publish_set(directory, staging.get(), set);
}

// Leaves a staging directory with this journal, as a killed process does. `staged` is in it.
void leave(SetDirectory* directory, const SetJournal& journal, const char* staged) {
  const auto staging = directory->stage(StagingKind::temporary);
  write_staged(staging.get(), "journal", write_journal(journal));
  if (staged) write_staged(staging.get(), staged, "staged");
  staging->keep(true);
}

using Names = std::set<std::string>;

// Records the names that are removed.
class RecordingDirectory final : public SetDirectory {
 public:
  explicit RecordingDirectory(std::unique_ptr<SetDirectory> directory)
      : directory_(std::move(directory)) {}

  std::unique_ptr<StagingDirectory> stage(StagingKind kind) override {
    return directory_->stage(kind);
  }
  std::vector<std::unique_ptr<StagingDirectory>> abandoned() override {
    return directory_->abandoned();
  }
  std::shared_ptr<const void> lock() override { return directory_->lock(); }
  std::optional<FileStamp> find(const std::string& name) const override {
    return directory_->find(name);
  }
  std::optional<std::string> read(const std::string& name, std::uint64_t max_size) const override {
    return directory_->read(name, max_size);
  }
  bool remove(const std::string& name) noexcept override {
    removed.push_back(name);
    return directory_->remove(name);
  }
  void sync(const char* what) override { directory_->sync(what); }
  std::string path_of(const std::string& name) const override { return directory_->path_of(name); }

  std::vector<std::string> removed;

 private:
  std::unique_ptr<SetDirectory> directory_;
};

}  // namespace

TEST_CASE("a set is published, and replaced under other names") {
  const ScratchDirectory folder;
  const auto directory = open_directory(folder / "set");
  publish(directory.get(), two_shards());
  CHECK(read_file(folder / "set/model-00002-of-00002.safetensors") == "shard 2");
  CHECK(old_shards(read_file(folder / "set" / index_name)).size() == 2);
  publish(directory.get(), two_shards());
  CHECK_FALSE(std::filesystem::exists(folder / "set/model-00002-of-00002.safetensors"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "set"), {}) == 3);
}

TEST_CASE("a publication first recovers from those that were killed") {
  const ScratchDirectory folder;
  const auto directory = open_directory(folder / ".");
  write_file(folder / "model-00001-of-00002.safetensors", "left");
  const auto left = *directory->find("model-00001-of-00002.safetensors");
  leave(directory.get(), {"index", {{"1", "model-00001-of-00002.safetensors", left}}, {}}, "index");
  publish(directory.get(), two_shards());
  CHECK(folder.names() ==
        Names{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", index_name});
}

TEST_CASE("the names of an uncommitted publication are removed, unless others use them") {
  const ScratchDirectory folder;
  const auto directory = open_directory(folder / ".");
  for (const char* name : {"ours.safetensors", "changed.safetensors", "named.safetensors"})
    write_file(folder / name, name);
  write_file(folder / index_name, R"({"weight_map":{"a":"named.safetensors"}})");
  FileStamp changed = *directory->find("changed.safetensors");
  ++changed.inode;
  leave(directory.get(),
        {"index",
         {{"1", "ours.safetensors", *directory->find("ours.safetensors")},
          {"2", "changed.safetensors", changed},
          {"3", "named.safetensors", *directory->find("named.safetensors")},
          {"4", "missing.safetensors", {}}},
         {{"changed.safetensors", *directory->find("changed.safetensors")}}},
        "index");
  recover_sets(directory.get(), index_name);
  CHECK(folder.names() == Names{"changed.safetensors", "named.safetensors", index_name});
}

TEST_CASE("the old files of a committed publication are removed, unless others use them") {
  const ScratchDirectory folder;
  const auto directory = open_directory(folder / ".");
  for (const char* name : {"ours.safetensors", "changed.safetensors", "named.safetensors"})
    write_file(folder / name, name);
  write_file(folder / index_name, R"({"weight_map":{"a":"named.safetensors"}})");
  FileStamp changed = *directory->find("changed.safetensors");
  ++changed.modified_nanoseconds;
  leave(directory.get(),
        {"index",
         {{"1", "named.safetensors", *directory->find("named.safetensors")}},
         {{"ours.safetensors", *directory->find("ours.safetensors")},
          {"changed.safetensors", changed},
          {"named.safetensors", *directory->find("named.safetensors")},
          {"missing.safetensors", {}}}},
        nullptr);
  recover_sets(directory.get(), index_name);
  CHECK(folder.names() == Names{"changed.safetensors", "named.safetensors", index_name});
}

TEST_CASE("a committed whole file: the old index and its shards are removed") {
  const ScratchDirectory folder;
  const auto directory = open_directory(folder / ".");
  write_file(folder / "old.safetensors", "old");
  write_file(folder / whole_name, "new");
  write_file(folder / index_name, R"({"weight_map":{"a":"old.safetensors"}})");
  leave(directory.get(),
        {whole_name,
         {},
         {{index_name, *directory->find(index_name)},
          {"old.safetensors", *directory->find("old.safetensors")}}},
        nullptr);
  recover_sets(directory.get(), index_name);
  CHECK(folder.names() == Names{whole_name});
}

TEST_CASE("a whole file replaces shards: the index is removed last if their names are unusual") {
  const auto removed = [](const std::string& first, const std::string& second) {
    const ScratchDirectory folder;
    const auto path = folder / "set";
    std::filesystem::create_directory(path);
    write_file(path / first, "1");
    write_file(path / second, "2");
    write_file(path / index_name,
               R"({"weight_map":{"a":")" + first + R"(","b":")" + second + R"("}})");
    RecordingDirectory directory(open_directory(path));
    publish(&directory, {{}, {"1"}, {}});
    CHECK(folder.names() == Names{"set"});
    CHECK(read_file(path / whole_name) == "shard 1");
    return directory.removed;
  };
  using Order = std::vector<std::string>;
  CHECK(removed("layers-1.safetensors", "layers-2.safetensors") ==
        Order{"layers-1.safetensors", "layers-2.safetensors", index_name});
  CHECK(removed("model-00001-of-00002.safetensors", "x.safetensors").back() == index_name);
  CHECK(removed("model-00001-of-00002.safetensors", "model-00002-of-00002.0123abcd.safetensors")
            .front() == index_name);
}

TEST_CASE("a staging directory in use, one that cannot be locked and those of others stay") {
  const ScratchDirectory folder;
  const auto directory = open_directory(folder / ".");
  const auto other =
      open_set_directory((folder / ".").c_str(), "other.safetensors.index.json", "other", {});
  const auto in_use = directory->stage(StagingKind::temporary);
  std::filesystem::create_directory(folder / (*folder.names().begin() + "-unlocked"));
  leave(other.get(), {"index", {}, {}}, nullptr);
  leave(directory.get(), {"index", {}, {}}, nullptr);
  CHECK(folder.names().size() == 4);
  recover_sets(directory.get(), index_name);
  CHECK(folder.names().size() == 3);
}

TEST_CASE("a resumable staging directory stays, but not its uncommitted publication") {
  const ScratchDirectory folder;
  const auto directory = open_directory(folder / ".");
  write_file(folder / "ours.safetensors", "x");
  {
    const auto staging = directory->stage(StagingKind::resumable);
    const SetJournal journal{
        "index", {{"1", "ours.safetensors", *directory->find("ours.safetensors")}}, {}};
    write_staged(staging.get(), "journal", write_journal(journal));
    write_staged(staging.get(), "index", "");
    CHECK(code_of<Error>([&] { directory->stage(StagingKind::resumable); }) == Code::io);
  }
  recover_sets(directory.get(), index_name);
  CHECK(folder.names().size() == 1);
  const auto staging = directory->stage(StagingKind::resumable);
  CHECK(staging->names().size() == 2);
  CHECK(staging->find("1"));
  CHECK_FALSE(staging->find("journal"));
}

TEST_CASE("a directory that was created for a set that is not published is removed") {
  const ScratchDirectory folder;
  {
    const auto directory = open_directory(folder / "new");
    const auto staging = directory->stage(StagingKind::temporary);
    write_staged(staging.get(), "1", "x");
    CHECK(folder.names() == Names{"new"});
  }
  CHECK(folder.names().empty());
}
