#include "set_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "callbacks.h"
#include "error.h"
#include "file.h"
#include "format/checked.h"
#include "publish_set.h"

namespace st {
namespace {

constexpr std::uint64_t piece_size = 4 << 20;
constexpr std::uint64_t max_options_size = 1 << 30;
constexpr char options_name[] = "options";
constexpr std::string_view shard_prefix = "shard-";

void append_field(std::string* text, std::string_view field) {
  text->append(std::to_string(field.size())).append(":").append(field).append("\n");
}

void append_field(std::string* text, std::uint64_t number) {
  append_field(text, std::to_string(number));
}

std::span<const std::byte> bytes_of(const std::vector<char>& bytes) {
  return std::as_bytes(std::span(bytes));
}

void write(AtomicFile* file, std::span<const std::byte> bytes) {
  if (!bytes.empty()) file->write({&bytes, 1});
}

}  // namespace

SetWriter::SetWriter(const char* directory, const SetOptions& options, const ShardOptions& shards,
                     bool resume)
    : copied_(options, shards), split_(options.max_shard_size) {
  check_set_options(options_);
  // Reports invalid metadata now.
  plan_save({}, shards_.metadata, shards_.metadata_form, shards_.alignment);
  const std::string index = index_file_name(options_.name);
  directory_ = open_set_directory(directory, index, whole_file_name(options_.name), shards_.file);
  const auto lock = directory_->lock();
  recover_sets(directory_.get(), index);
  staging_ = directory_->stage(resume ? StagingKind::resumable : StagingKind::temporary);
  if (resume) find_kept_shards();
}

// What the bytes of the kept shards depend on, and what the caller must repeat.
std::string SetWriter::fingerprint() const {
  std::string text = "safetensors set writer 1\n";
  append_field(&text, options_.max_shard_size);
  append_field(&text, static_cast<std::uint32_t>(options_.index_format));
  append_field(&text, options_.total_parameters);
  append_field(&text, shards_.alignment);
  append_field(&text, static_cast<std::uint32_t>(shards_.metadata_form));
  append_field(&text, shards_.file.mode);
  for (const auto* entries : {&shards_.metadata, &options_.index_metadata}) {
    append_field(&text, entries->size());
    for (const MetadataEntry& entry : *entries) {
      append_field(&text, entry.key);
      append_field(&text, entry.value);
    }
  }
  return text;
}

void SetWriter::write_text(const std::string& name, const std::string& text) {
  const auto file = staging_->create(name, directory_->path_of(name), text.size());
  write(file.get(), std::as_bytes(std::span(text)));
  file->commit();
}

void SetWriter::find_kept_shards() {
  const std::string options = fingerprint();
  const bool same = staging_->read(options_name, max_options_size) == options;
  for (const std::string& name : staging_->names()) {
    if (same && (name == options_name || name.starts_with(shard_prefix))) continue;
    if (staging_->remove(name)) continue;
    throw Error(Code::io, Message() << "cannot remove a file of the staging directory in "
                                    << Quoted{directory_->path_of("")});
  }
  if (!same) return write_text(options_name, options);
  for (const std::string& name : staging_->names()) {
    if (!name.starts_with(shard_prefix)) continue;
    keep_shard(name);
  }
}

void SetWriter::keep_shard(const std::string& name) {
  try {
    const File file = open_file(staging_->open(name), {});
    kept_.push_back({name, file.header});
  } catch (const Error& error) {
    const bool may_be_valid = error.code() == Code::io || error.code() == Code::no_memory;
    if (may_be_valid || !staging_->remove(name)) throw;
    return;
  }
  for (const TensorEntry& entry : kept_.back().header->tensors())
    kept_tensors_.emplace(entry.name, KeptTensor{&kept_.back(), &entry});
}

const SetWriter::KeptShard* SetWriter::find_kept(const TensorToSave& tensor,
                                                 std::uint64_t* offset) const {
  const auto found = kept_tensors_.find(tensor.name);
  if (found == kept_tensors_.end()) return nullptr;
  const TensorEntry& entry = *found->second.entry;
  if (entry.dtype != tensor.dtype || !std::ranges::equal(entry.shape, tensor.shape)) return nullptr;
  *offset = found->second.shard->header->file_offset(entry);
  return found->second.shard;
}

bool SetWriter::has_tensor(std::string_view name) const noexcept {
  return kept_tensors_.contains(name);
}

void SetWriter::add(const TensorToSave& tensor) {
  if (state_ != State::writing) {
    throw Error(Code::invalid_argument,
                Message() << "the writer was committed, or an earlier call failed");
  }
  check_tensor(tensor);
  if (names_.contains(tensor.name)) {
    throw Error(Code::duplicate, Message() << "duplicate tensor name " << Quoted{tensor.name});
  }
  if (!checked_add(total_size_, tensor.nbytes) || tensors_.size() >= UINT32_MAX - 1) {
    throw Error(Code::overflow, Message() << "the total size of the tensors exceeds 64 bits");
  }
  try {
    add_checked(tensor);
  } catch (const Error& error) {
    if (error.code() == Code::io) state_ = State::failed;
    throw;
  }
}

void SetWriter::add_checked(const TensorToSave& tensor) {
  const auto place = HubSplit(split_).place(tensor.nbytes);
  if (place == HubSplit::Place::new_shard) complete_open_shard(shards_.metadata);
  // Nothing below may fail once the tensor is registered.
  const auto position = static_cast<std::uint32_t>(tensors_.size());
  tensors_.reserve(tensors_.size() < tensors_.capacity() ? 0 : 2 * tensors_.size() + 1);
  complete_.reserve(complete_.size() < complete_.capacity() ? 0 : 2 * complete_.size() + 1);
  open_.reserve(open_.size() < open_.capacity() ? 0 : 2 * open_.size() + 1);
  Tensor described = describe(tensor);
  names_.insert(described.name);
  try {
    if (place == HubSplit::Place::own_shard) {
      tensors_.push_back(std::move(described));
      try {
        Shard own{{}, {position}};
        own.staged = tensors_.back().kept ? write_shard(own.tensors, shards_.metadata)
                                          : write_own_shard(tensor);
        complete_.push_back(std::move(own));
      } catch (...) {
        tensors_.pop_back();
        throw;
      }
    } else {
      if (!described.kept) append_to_spool(tensor);
      tensors_.push_back(std::move(described));
      open_.push_back(position);
      split_.place(tensor.nbytes);
    }
  } catch (...) {
    names_.erase(text_.back());
    text_.pop_back();
    throw;
  }
  total_size_ += tensor.nbytes;
}

SetWriter::Tensor SetWriter::describe(const TensorToSave& tensor) {
  Tensor described{{},      tensor.dtype, {tensor.shape.begin(), tensor.shape.end()}, tensor.nbytes,
                   nullptr, spooled_};
  described.kept = find_kept(tensor, &described.offset);
  described.name = text_.emplace_back(tensor.name);
  return described;
}

void SetWriter::append_to_spool(const TensorToSave& tensor) {
  if (tensor.nbytes == 0) return;
  if (!spool_) spool_ = staging_->create_spool(directory_->path_of(whole_file_name(options_.name)));
  if (tensor.data) {
    spool_->write(spooled_, {tensor.data, static_cast<std::size_t>(tensor.nbytes)});
  } else {
    if (!buffer_.data) buffer_ = allocate_bytes(piece_size);
    for (std::uint64_t offset = 0; offset < tensor.nbytes; offset += piece_size) {
      const std::uint64_t count = std::min(piece_size, tensor.nbytes - offset);
      fill_piece(tensor, offset, buffer_.writable, count);
      spool_->write(spooled_ + offset, {buffer_.data, static_cast<std::size_t>(count)});
    }
  }
  spooled_ += tensor.nbytes;
}

std::string SetWriter::next_name() {
  std::string name;
  do {
    name = std::string(shard_prefix) + std::to_string(next_number_++);
  } while (std::any_of(kept_.begin(), kept_.end(),
                       [&](const KeptShard& kept) { return kept.staged == name; }));
  return name;
}

// A shard of one tensor, which needs no spool file.
std::string SetWriter::write_own_shard(const TensorToSave& tensor) {
  const SavePlan plan =
      plan_save({&tensor, 1}, shards_.metadata, shards_.metadata_form, shards_.alignment);
  std::string name = next_name();
  const auto file = staging_->create(name, directory_->path_of(name), plan.file_size);
  write_file(file.get(), {&tensor, 1}, plan, {}, 0, plan.file_size);
  return name;
}

void SetWriter::complete_open_shard(const std::vector<MetadataEntry>& metadata) {
  complete_.reserve(complete_.size() + 1);
  std::string staged = write_shard(open_, metadata);
  complete_.push_back({std::move(staged), std::exchange(open_, {})});
  split_ = HubSplit(options_.max_shard_size);
  spool_.reset();
  spooled_ = 0;
}

// Returns the name of the staged file: a new one, or that of a kept shard with the same bytes.
std::string SetWriter::write_shard(const std::vector<std::uint32_t>& tensors,
                                   const std::vector<MetadataEntry>& metadata) {
  std::vector<TensorToSave> described;
  for (const std::uint32_t i : tensors) {
    const Tensor& tensor = tensors_[i];
    described.push_back(
        {tensor.name, tensor.dtype, tensor.shape, nullptr, tensor.nbytes, nullptr, nullptr});
  }
  const SavePlan plan = plan_save(described, metadata, shards_.metadata_form, shards_.alignment);
  if (const KeptShard* equal = find_equal(tensors, plan)) return equal->staged;
  std::string name = next_name();
  const auto file = staging_->create(name, directory_->path_of(name), plan.file_size);
  copy_tensors(tensors, plan, file.get());
  file->commit();
  return name;
}

const SetWriter::KeptShard* SetWriter::find_equal(const std::vector<std::uint32_t>& tensors,
                                                  const SavePlan& plan) const {
  if (tensors.empty()) return nullptr;
  const KeptShard* const kept = tensors_[tensors.front()].kept;
  if (!kept) return nullptr;
  for (const std::uint32_t i : tensors)
    if (tensors_[i].kept != kept) return nullptr;
  const auto source = staging_->open(kept->staged);
  if (source->size() != plan.file_size) return nullptr;
  std::vector<char> header(plan.header_bytes.size());
  source->read_at(0, header.data(), header.size());
  return header == plan.header_bytes ? kept : nullptr;
}

void SetWriter::copy_tensors(const std::vector<std::uint32_t>& tensors, const SavePlan& plan,
                             AtomicFile* file) {
  write(file, bytes_of(plan.header_bytes));
  const KeptShard* opened = nullptr;
  std::shared_ptr<const Source> source;
  for (const std::uint32_t i : plan.order) {
    const Tensor& tensor = tensors_[tensors[i]];
    if (tensor.kept && tensor.kept != opened) {
      source = staging_->open(tensor.kept->staged);
      opened = tensor.kept;
    }
    for (std::uint64_t done = 0; done < tensor.nbytes; done += piece_size) {
      if (!buffer_.data) buffer_ = allocate_bytes(piece_size);
      const std::uint64_t count = std::min(piece_size, tensor.nbytes - done);
      const std::span piece(buffer_.writable, static_cast<std::size_t>(count));
      if (tensor.kept) {
        source->read_at(tensor.offset + done, piece.data(), piece.size());
      } else {
        spool_->read(tensor.offset + done, piece);
      }
      write(file, piece);
    }
  }
}

// The only shard becomes the whole file, which has the index's metadata in its header. It was
// completed before that was known.
void SetWriter::rewrite_as_whole_file() {
  Shard& shard = complete_.front();
  const File file = open_file(staging_->open(shard.staged), {});
  const KeptShard& source = kept_.emplace_back(KeptShard{shard.staged, file.header});
  for (const std::uint32_t i : shard.tensors) {
    const TensorEntry* entry = file.header->find(tensors_[i].name);
    tensors_[i].kept = &source;
    tensors_[i].offset = file.header->file_offset(*entry);
  }
  shard.staged = write_shard(shard.tensors, metadata_of_whole_file(shards_, options_));
}

void SetWriter::commit() {
  if (state_ != State::writing) {
    throw Error(Code::invalid_argument,
                Message() << "the writer was committed, or an earlier call failed");
  }
  state_ = State::failed;
  if (complete_.empty()) {
    complete_open_shard(metadata_of_whole_file(shards_, options_));
  } else {
    if (!open_.empty()) complete_open_shard(shards_.metadata);
    if (complete_.size() == 1 && !options_.index_metadata.empty()) rewrite_as_whole_file();
  }
  spool_.reset();
  StagedSet set;
  set.name = options_.name;
  for (const Shard& shard : complete_)
    set.staged.push_back(shard.staged);
  set.index = [this](const std::vector<std::string>& names) { return index_text(names); };
  publish_set(directory_.get(), staging_.get(), set);
  staging_.reset();
  state_ = State::committed;
}

std::string SetWriter::index_text(const std::vector<std::string>& names) const {
  std::vector<WeightMapEntry> map;
  map.reserve(tensors_.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const std::uint32_t tensor : complete_[i].tensors)
      map.push_back({tensors_[tensor].name, names[i]});
  }
  return write_index(options_.index_format,
                     {total_size_, options_.total_parameters, options_.index_metadata},
                     std::move(map));
}

}  // namespace st
