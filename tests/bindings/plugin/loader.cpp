// The loader compiled as C++.
#include "safetensors_plugin.c"
