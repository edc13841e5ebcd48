// safetensors for C++17: values and exceptions over the C ABI, header only.
//
//   #include <safetensors/safetensors.hpp>
//
//   auto file = safetensors::File::open("model.safetensors");
//   for (auto& info : file.tensors()) std::cout << info.name << '\n';
//   auto weight = file.get("lm_head.weight");            // no copy where the file is mapped
//   for (float value : weight.as<float>()) use(value);
//
//   safetensors::Builder()
//       .add("bias", safetensors::Dtype::F32, {2, 3}, std::vector<float>(6))
//       .add_metadata("format", "pt")
//       .save("bias.safetensors");
//
// Errors. The library throws safetensors::Error, also when memory is exhausted (code() is
// ST_E_NO_MEMORY). std::bad_alloc comes only from the containers that this header fills and from
// constructing the exception. A call rethrows what a callback throws. A call that throws has no
// other effect.
//
// Threads. File and Tensor are immutable handles, cheap to copy: any number of threads may read
// through one of them. A Builder, SetWriter or SetStage is for one thread at a time; any number of
// threads may call Writer::write at once.
//
// Link with the library `safetensors` (pkg-config safetensors). For functions that are missing
// here, call the C ABI (safetensors.h) with handle().
#ifndef SAFETENSORS_SAFETENSORS_HPP
#define SAFETENSORS_SAFETENSORS_HPP

#include <safetensors/safetensors.h>
#include <safetensors/wrapper/builder.hpp>
#include <safetensors/wrapper/consolidate.hpp>
#include <safetensors/wrapper/dtype.hpp>
#include <safetensors/wrapper/edit.hpp>
#include <safetensors/wrapper/error.hpp>
#include <safetensors/wrapper/file.hpp>
#include <safetensors/wrapper/metadata.hpp>
#include <safetensors/wrapper/save_options.hpp>
#include <safetensors/wrapper/set_options.hpp>
#include <safetensors/wrapper/set_stage.hpp>
#include <safetensors/wrapper/set_writer.hpp>
#include <safetensors/wrapper/span.hpp>
#include <safetensors/wrapper/tensor.hpp>
#include <safetensors/wrapper/writer.hpp>

#endif
