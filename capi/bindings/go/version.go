package safetensors

// #include "bridge.h"
import "C"

// Version returns the version of the library in use, such as "0.1.0".
func Version() string {
	return C.GoString(C.st_version_string())
}

// VersionNumber returns the version of the library in use: major * 1,000,000 + minor * 1,000 + patch.
func VersionNumber() uint32 {
	return uint32(C.st_version())
}
