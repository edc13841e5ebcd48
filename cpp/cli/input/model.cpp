#include "cli/input/model.h"

#include <system_error>

namespace safetensors::cli {

File open_model(const std::string& path) {
  OpenOptions options;
  options.backend = Backend::Pread;
  return File::open_set(path, options);
}

std::string name_in_model(const std::string& model_path, const std::filesystem::path& file) {
  std::filesystem::path base = model_path;
  std::error_code error;
  if (!std::filesystem::is_directory(base, error)) base = base.parent_path();
  const std::filesystem::path relative = file.lexically_relative(base);
  const bool is_below = !relative.empty() && *relative.begin() != "..";
  return is_below ? relative.string() : file.string();
}

}  // namespace safetensors::cli
