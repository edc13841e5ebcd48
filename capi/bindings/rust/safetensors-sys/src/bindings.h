#include <safetensors/dlpack.h>
#include <safetensors/safetensors.h>
