// Where a load takes tensors from: a file, or a dictionary of tensors.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "progress.h"
#include "tensor/copy_values.h"
#include "tensor/file_entry.h"

namespace safetensors {

// The names and entries of the tensors that a source has.
class EntrySource {
 public:
  virtual ~EntrySource() = default;

  // What messages call it, and what it is: "file".
  virtual std::string description() const = 0;
  virtual std::string noun() const = 0;

  // The names of the tensors, in the order in which they are loaded.
  virtual std::vector<std::string_view> names() const = 0;

  // Whether two of names() are the same memory and shape.
  virtual bool is_same(std::size_t a, std::size_t b) const = 0;

  // Further names of tensors, each with one of names(): those that save_model left out.
  virtual std::vector<std::pair<std::string, std::string>> aliases() const = 0;

  // The tensor at a position of names(). Throws Error ST_E_DTYPE and ST_E_UNSUPPORTED for one that
  // LibTorch cannot represent.
  virtual FileEntry entry(std::size_t position, std::string name) const = 0;
};

class TensorSource : public EntrySource {
 public:
  // Copies values into destinations that have passed check_destinations(), in the order of names().
  virtual void copy(const std::vector<ValueCopy>& copies, ProgressCounter& progress) const = 0;

  // Returns one tensor per entry.
  virtual std::vector<at::Tensor> tensors(const std::vector<FileEntry>& entries, c10::Device device,
                                          ProgressCounter& progress) const = 0;
};

}  // namespace safetensors
