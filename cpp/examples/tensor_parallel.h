// Makes, loads and runs a Transformer that the processes of a group divide among themselves.
#pragma once

#include <safetensors/torch.hpp>

#include <filesystem>

// Saves a model of random values, the same for any number of processes: each saves some rows.
void make_model(const std::filesystem::path& directory, const safetensors::ProcessGroupPtr& group);

// Each process loads its part of the model and computes with it. Rank 0 compares the result with
// that of the whole model. Throws std::runtime_error if they differ.
void run_model(const std::filesystem::path& directory, const safetensors::ProcessGroupPtr& group,
               safetensors::ReadMode mode);
