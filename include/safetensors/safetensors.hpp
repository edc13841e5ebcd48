// safetensors for C++17: values and exceptions over the C ABI, header only, nothing else
// underneath.
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
// Errors. What the library refuses is thrown as safetensors::Error, memory that ran out included
// (code() is ST_E_NO_MEMORY). std::bad_alloc comes only from the containers that this header fills
// and from making the exception itself. What a callback of yours throws comes out of the call that
// ran it, unchanged. A call that throws leaves nothing half done.
//
// Threads. File and Tensor are immutable handles, cheap to copy: every thread may read through the
// same one, and each copy keeps what it stands for alive. A Builder is for one thread at a time.
//
// Link with the library `safetensors` (pkg-config safetensors). What is not here is a call of the C
// ABI (safetensors.h) on handle().
#ifndef SAFETENSORS_SAFETENSORS_HPP
#define SAFETENSORS_SAFETENSORS_HPP

#include <safetensors/safetensors.h>
#include <safetensors/wrapper/builder.hpp>
#include <safetensors/wrapper/dtype.hpp>
#include <safetensors/wrapper/error.hpp>
#include <safetensors/wrapper/file.hpp>
#include <safetensors/wrapper/span.hpp>
#include <safetensors/wrapper/tensor.hpp>

#endif
