#include "save_request.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace faults {
namespace {

std::int32_t fill(void* user_data, std::uint64_t, void* buffer, std::uint64_t nbytes) {
  const auto* request = static_cast<const SaveRequest*>(user_data);
  if (request->while_writing) request->while_writing();
  std::memset(buffer, request->value, nbytes);
  return 0;
}

}  // namespace

st_status save(const SaveRequest& request, st_error* error) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = &request.nbytes;
  tensor.rank = 1;
  tensor.nbytes = request.nbytes;
  tensor.data = request.data;
  if (!request.data) {
    tensor.fill = fill;
    tensor.user_data = const_cast<SaveRequest*>(&request);
  }
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.durability = request.durability;
  options.mode = request.mode;
  options.link = request.link;
  return st_save(request.path.c_str(), &tensor, 1, &options, error);
}

bool is_saved(const SaveRequest& request) {
  std::vector<unsigned char> bytes(request.nbytes);
  st_file* file = nullptr;
  const bool read = st_open(request.path.c_str(), nullptr, &file, nullptr) == ST_OK &&
                    st_read_tensor(file, "w", 1, bytes.data(), bytes.size(), nullptr) == ST_OK;
  st_close(file);
  return read && std::all_of(bytes.begin(), bytes.end(),
                             [&](unsigned char byte) { return byte == request.value; });
}

}  // namespace faults
