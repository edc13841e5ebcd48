#include "set_stage.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "error.h"

namespace st {
namespace {

// How a staged file differs from the file of a plan.
struct Difference {
  Message text;
  std::uint64_t position = no_position;
};

std::optional<Difference> compare_size(std::uint64_t size, const SavePlan& plan) {
  if (size == plan.file_size) return std::nullopt;
  Difference difference;
  difference.text << " has " << size << " bytes, expected " << plan.file_size;
  return difference;
}

std::optional<Difference> compare_header(const Source& file, const SavePlan& plan) {
  constexpr std::size_t shown = 24;
  const std::vector<char>& expected = plan.header_bytes;
  std::vector<char> found(expected.size());
  file.read_at(0, found.data(), found.size());
  const auto first = std::mismatch(found.begin(), found.end(), expected.begin()).first;
  if (first == found.end()) return std::nullopt;
  const auto position = static_cast<std::size_t>(first - found.begin());
  const auto text = [position](const std::vector<char>& bytes) {
    return Quoted{std::string_view(bytes.data(), bytes.size()).substr(position, shown)};
  };
  Difference difference;
  difference.text << " has " << text(found) << " at byte " << std::uint64_t{position}
                  << " of its header, expected " << text(expected);
  difference.position = position;
  return difference;
}

std::optional<Difference> compare(const StagingDirectory& staging, const std::string& name,
                                  const SavePlan& plan) {
  if (!staging.find(name)) {
    Difference difference;
    difference.text << " was removed, expected " << plan.file_size << " bytes";
    return difference;
  }
  const auto file = staging.open(name);
  auto difference = compare_size(file->size(), plan);
  return difference ? difference : compare_header(*file, plan);
}

}  // namespace

SetStage::SetStage(const char* directory, std::span<const TensorToSave> tensors,
                   const SetOptions& options, const ShardOptions& shards)
    : options_(options, shards),
      tensors_(copies_of(tensors)),
      plan_(tensors_, options_.set, options_.shards),
      shard_of_(tensors.size()),
      directory_(plan_.open_directory(directory)),
      staging_(directory_->stage(StagingKind::temporary)) {
  for (std::size_t i = 0; i < plan_.shard_count(); ++i) {
    const std::string name = plan_.name_of(i);
    staging_->create(name, directory_->path_of(name), 0)->commit();
    paths_.push_back(staging_->name() + "/" + name);
    for (const std::uint32_t tensor : plan_.positions(i))
      shard_of_[tensor] = static_cast<std::uint32_t>(i);
  }
}

std::vector<TensorToSave> SetStage::copies_of(std::span<const TensorToSave> tensors) {
  std::vector<TensorToSave> copies(tensors.begin(), tensors.end());
  for (TensorToSave& tensor : copies) {
    tensor.name = names_.emplace_back(tensor.name);
    tensor.shape = shapes_.emplace_back(tensor.shape.begin(), tensor.shape.end());
    tensor.data = nullptr;
    tensor.fill = nullptr;
  }
  return copies;
}

void SetStage::commit() {
  if (!staging_) {
    throw Error(Code::invalid_argument,
                Message() << "the stage of " << Quoted{directory_->path_of("")}
                          << " was committed, or its commit failed: it can only be freed");
  }
  require_complete();
  const std::unique_ptr<StagingDirectory> staging = std::move(staging_);
  for (std::size_t i = 0; i < plan_.shard_count(); ++i)
    staging->sync(plan_.name_of(i));
  plan_.publish(directory_.get(), staging.get());
}

// Names the first shard.
void SetStage::require_complete() const {
  std::uint64_t count = 0;
  std::string name;
  Difference first;
  for (std::size_t i = 0; i < plan_.shard_count(); ++i) {
    const auto difference = compare(*staging_, plan_.name_of(i), plan_.plan(plan_.tensors_of(i)));
    if (!difference || ++count > 1) continue;
    name = plan_.name_of(i);
    first = *difference;
  }
  if (count == 0) return;
  throw Error(Code::incomplete,
              Message() << "cannot commit the set: " << count << " of "
                        << std::uint64_t{plan_.shard_count()}
                        << " shards are incomplete: " << Quoted{name} << first.text.c_str(),
              first.position);
}

}  // namespace st
