#include "cli/check/check_file.h"

#include <algorithm>
#include <filesystem>

#include "cli/check/damage.h"
#include "cli/exit_code.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr st_status last_format_error = 69;

// What only lenient readers accept.
void check_strictness(const std::string& path, const std::string& name, Findings& findings) {
  OpenOptions options;
  options.backend = Backend::Pread;
  options.strict = true;
  try {
    File::open(path, options);
  } catch (const Error& error) {
    std::string reason = error.what();
    reason.erase(std::min(reason.rfind(", in \""), reason.size()));  // the path
    findings.warning("lenient", name, "strict readers reject it: " + reason);
  }
}

void check_alignment(const File& file, const std::string& name, Findings& findings) {
  std::vector<std::string> unaligned;
  for (const TensorInfo& tensor : file.tensors()) {
    const std::uint64_t bytes = tensor.dtype == Dtype::C64 ? 4 : dtype_bits(tensor.dtype) / 8;
    if (bytes > 1 && tensor.nbytes > 0 && tensor.file_offset % bytes != 0)
      unaligned.emplace_back(tensor.name);
  }
  if (!unaligned.empty())
    findings.warning("unaligned", name,
                     counted(unaligned.size(), "tensor") +
                         " at offsets that do not suit the dtype, which makes readers copy: " +
                         some_names(unaligned));
}

void check_holes(const std::string& path, const File& file, const std::string& name,
                 Findings& findings) {
  const std::uint64_t holes = RawFile(path).hole_bytes(file.data_offset());
  if (holes > 0)
    findings.warning("holes", name,
                     human_bytes(holes) +
                         " of the data were never written: zeros of a sparse copy, or an "
                         "interrupted download");
}

// Downloads may give a file its full length before its content.
void check_unfinished(const std::string& path, const std::string& name, Findings& findings) {
  std::error_code error;
  for (const char* const end : {".aria2", ".part", ".incomplete"})
    if (std::filesystem::exists(path + end, error))
      findings.warning("unfinished", name,
                       "may be unfinished: the download " + quote(name + end) + " is beside it",
                       "Resume the download, or remove that file");
}

}  // namespace

bool is_system_error(const Error& error) {
  return error.code() >= ST_E_IO && error.code() < ST_E_HEADER_TOO_SMALL;
}

bool check_link(const std::string& path, const std::string& name, Findings& findings) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error) || std::filesystem::exists(path, error))
    return true;
  const auto target = std::filesystem::read_symlink(path, error);
  findings.fault("dangling_link", name,
                 "a link to " + quote(target.string()) + ", which does not exist",
                 "Download the model again");
  return false;
}

std::optional<File> check_file(const std::string& path, const std::string& name,
                               Findings& findings) {
  if (!check_link(path, name, findings)) return std::nullopt;
  check_unfinished(path, name, findings);
  OpenOptions options;
  options.backend = Backend::Pread;
  try {
    File file = File::open(path, options);
    check_strictness(path, name, findings);
    check_alignment(file, name, findings);
    check_holes(path, file, name, findings);
    return file;
  } catch (const Error& error) {
    if (is_system_error(error)) {
      findings.fault("unreadable", name, error.what(), {});
      return std::nullopt;
    }
    if (error.code() < ST_E_HEADER_TOO_SMALL || error.code() > last_format_error) throw;
    classify_damage(RawFile(path), name, error.what(), findings);
    return std::nullopt;
  }
}

}  // namespace safetensors::cli
