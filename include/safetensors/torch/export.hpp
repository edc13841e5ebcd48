// Visibility of the exported symbols of libsafetensors-torch.
#ifndef SAFETENSORS_TORCH_EXPORT_HPP
#define SAFETENSORS_TORCH_EXPORT_HPP

#define ST_TORCH_API __attribute__((visibility("default")))

#endif
