// Adds the tensor and the file to the message of an error.
#pragma once

#include <string_view>

#include "error.h"
#include "file.h"

namespace capi {

// Runs `action`. The message of an st::Error that it throws also names the file and, unless it is
// null, the tensor.
template <class Action>
decltype(auto) with_context(const st::File& file, const st::TensorEntry* tensor, Action action) {
  try {
    return action();
  } catch (const st::Error& error) {
    st::Message message;
    if (tensor) message << "tensor " << st::Quoted{tensor->name} << ": ";
    const st::Source& source = *file.source;
    const std::string_view name =
        tensor ? source.name_at(file.header->file_offset(*tensor)) : source.name();
    message << error.what() << ", in " << st::Quoted{name};
    throw st::Error(error.code(), message, error.position(), error.os_error());
  }
}

}  // namespace capi
