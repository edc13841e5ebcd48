// What a script builds before it saves or loads: memory, tensors over it, a dictionary, a model.
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
  // Does what the line says; false if its command is none of the builder's:
  //   memory ID BYTES                              bytes of their own
  //   storage ID MEMORY OFFSET SIZE                a LibTorch storage over a part of them
  //   tensor ID DTYPE STORAGE OFFSET SIZES STRIDES a view; offset and strides in elements
  //   special ID KIND                              a tensor of a kind that views are not
  //   entry NAME TENSOR                            adds it to the dictionary
  //   metadata KEY VALUE                           adds it to the metadata
  //   module PATH                                  an empty submodule
  //   same_module PATH OTHER                       a second name for a submodule
  //   parameter PATH TENSOR REQUIRES_GRAD, buffer PATH TENSOR, no_parameter PATH
  //   layer PATH KIND SIZES                        one of LibTorch's own
  //   fill NUMBER                                  gives the model values that follow from it
  //   jit FILE                                     the model is this TorchScript file
  // Names, paths and bytes are hexadecimal. A path is made of names with dots between them.
  bool build(const ScriptLine& line);

  const std::vector<safetensors::NamedTensor>& dictionary() const { return dictionary_; }
  const safetensors::Metadata& metadata() const { return metadata_; }
  torch::nn::Module& module() { return *modules_.at(""); }
  std::optional<torch::jit::Module>& jit() { return jit_; }

  // The model's parameters and buffers in no order.
  std::vector<safetensors::NamedTensor> model_state();

 private:
  struct Place {  // of something in a module
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
