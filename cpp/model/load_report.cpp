#include <c10/util/ArrayRef.h>

#include <sstream>
#include <string_view>

#include "model/load_match.h"
#include "names/quote.h"

namespace safetensors {

namespace {

st_status error_code(const LoadReport& report, bool ignore_mismatched) {
  if (!report.mismatched.empty() && !ignore_mismatched) return ST_E_SIZE_MISMATCH;
  return report.missing.empty() ? ST_E_INVALID_ARGUMENT : ST_E_TENSOR_NOT_FOUND;
}

std::string describe(const std::filesystem::path& path, std::string_view target,
                     const LoadReport& report) {
  std::ostringstream text;
  text << quote(path.native()) << " does not match " << target << ':';
  if (!report.missing.empty()) text << "\n  missing from the file: " << quote_all(report.missing);
  if (!report.unexpected.empty())
    text << "\n  unexpected in the file: " << quote_all(report.unexpected);
  for (const auto& mismatch : report.mismatched)
    text << "\n  " << quote(mismatch.name) << " has the shape "
         << c10::IntArrayRef(mismatch.file_shape) << " in the file and "
         << c10::IntArrayRef(mismatch.model_shape) << " in " << target;
  return std::move(text).str();
}

}  // namespace

void check_match(const std::filesystem::path& path, std::string_view target,
                 const LoadReport& report, bool strict, bool ignore_mismatched) {
  const bool is_complete = report.missing.empty() && report.unexpected.empty();
  const bool has_shapes = report.mismatched.empty() || ignore_mismatched;
  if (has_shapes && (is_complete || !strict)) return;
  throw ModelMismatchError(error_code(report, ignore_mismatched), describe(path, target, report),
                           report);
}

}  // namespace safetensors
