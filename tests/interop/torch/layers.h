// Creates layers of LibTorch that exist with the same names in Python.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// `sizes` are the constructor's first arguments. Throws std::runtime_error for an unknown kind.
std::shared_ptr<torch::nn::Module> make_layer(const std::string& kind,
                                              const std::vector<std::int64_t>& sizes);
