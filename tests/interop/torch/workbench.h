// Runs the lines of a script that build memory, tensors, a dictionary and a model.
#pragma once

#include <torch/script.h>
#include <torch/torch.h>
#include <safetensors/torch.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "script_line.h"

class Workbench {
 public:
  // Runs a line; returns false for a command that is not in this list:
  //   memory ID BYTES                              allocates bytes
  //   storage ID MEMORY OFFSET SIZE                a storage over a part of them
  //   tensor ID DTYPE STORAGE OFFSET SIZES STRIDES a view; offset and strides in elements
  //   special ID KIND                              a tensor that cannot be created as a view
  //   entry NAME TENSOR                            adds it to the dictionary
  //   metadata KEY VALUE                           adds it to the metadata
  //   module PATH                                  an empty submodule
  //   same_module PATH OTHER                       an alias of a submodule
  //   parameter PATH TENSOR REQUIRES_GRAD, buffer PATH TENSOR, no_parameter PATH
  //   layer PATH KIND SIZES                        a layer of LibTorch
  //   fill NUMBER                                  sets the values of the model
  //   jit FILE                                     the model is this TorchScript file
  // Names, paths and bytes are hexadecimal. A path consists of names separated by dots.
  bool build(const ScriptLine& line);

  const std::vector<safetensors::NamedTensor>& dictionary() const { return dictionary_; }
  const safetensors::Metadata& metadata() const { return metadata_; }
  torch::nn::Module& module() { return *modules_.at(""); }
  std::optional<torch::jit::Module>& jit() { return jit_; }

  // The parameters and buffers of the model, unordered.
  std::vector<safetensors::NamedTensor> model_state();

 private:
  struct Place {  // a module and a name in it
    torch::nn::Module& parent;
    std::string name;
  };
  Place place(const std::string& path);
  void add_module(const std::string& path, std::shared_ptr<torch::nn::Module> module);
  void fill(std::int64_t number);

  std::map<std::string, std::shared_ptr<std::string>> memories_;
  std::map<std::string, c10::Storage> storages_;
  std::map<std::string, at::Tensor> tensors_;
  std::vector<safetensors::NamedTensor> dictionary_;
  safetensors::Metadata metadata_;
  std::map<std::string, std::shared_ptr<torch::nn::Module>> modules_{
      {"", std::make_shared<torch::nn::Module>("Model")}};
  std::optional<torch::jit::Module> jit_;
};
