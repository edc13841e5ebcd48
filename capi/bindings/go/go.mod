module libsafetensors/safetensors

go 1.19
