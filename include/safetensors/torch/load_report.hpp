// LoadReport: what a file and a model have in common, and what they do not.
#ifndef SAFETENSORS_TORCH_LOAD_REPORT_HPP
#define SAFETENSORS_TORCH_LOAD_REPORT_HPP

#include <c10/core/ScalarType.h>
#include <safetensors/torch/export.hpp>
#include <safetensors/wrapper/error.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace safetensors {

// A tensor whose shape in the file differs from its shape in the model.
struct Mismatch {
  std::string name;
  std::vector<std::int64_t> file_shape;
  std::vector<std::int64_t> model_shape;
};

// A tensor whose values were converted to the dtype of the model's tensor.
struct Conversion {
  std::string name;
  c10::ScalarType from;  // in the file
  c10::ScalarType to;    // in the model
};

// What was loaded, and the differences between a file and a model.
struct LoadReport {
  std::vector<std::string> missing;     // in the model, not in the file; in the order of the model
  std::vector<std::string> unexpected;  // in the file, not used
  std::vector<Mismatch> mismatched;     // in both, with different shapes; not loaded
  std::vector<std::string> loaded;      // in the order of the file
  std::vector<Conversion> converted;    // of the loaded ones; never with `assign`
};

// Thrown if a file does not match a model. what() lists at most 20 names of each kind, and the
// prefix that would make the names fit; report() has all. code() is ST_E_SIZE_MISMATCH if shapes
// differ, else ST_E_TENSOR_NOT_FOUND if names are missing, else ST_E_INVALID_ARGUMENT. Nothing was
// loaded.
class ST_TORCH_API ModelMismatchError : public Error {
 public:
  ModelMismatchError(st_status code, const std::string& message, LoadReport report)
      : Error(code, message), report_(std::move(report)) {}
  const LoadReport& report() const noexcept { return report_; }

 private:
  LoadReport report_;
};

}  // namespace safetensors

#endif
