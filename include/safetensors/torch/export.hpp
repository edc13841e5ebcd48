// Marks what libsafetensors-torch exports.
#ifndef SAFETENSORS_TORCH_EXPORT_HPP
#define SAFETENSORS_TORCH_EXPORT_HPP

#define ST_TORCH_API __attribute__((visibility("default")))

#endif
