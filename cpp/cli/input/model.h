// Opens the model that a command reads.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

// A file, a directory or an index, without a mapping: memory is constant, and a truncated file is
// an error. Throws Error, with the path in the message.
File open_model(const std::string& path);

// The path of a file of the model as it is shown: without the directory of the model.
std::string name_in_model(const std::string& model_path, const std::filesystem::path& file);

}  // namespace safetensors::cli
