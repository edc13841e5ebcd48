package safetensors

/*
#cgo pkg-config: safetensors
#include "bridge.h"
*/
import "C"

import (
	"strings"
	"unsafe"
)

// stringData returns the bytes of s, which C may use during one call. It is nil or arbitrary for an
// empty string.
func stringData(s string) *C.char {
	return *(**C.char)(unsafe.Pointer(&s))
}

// bytesData returns the bytes of b, which C may use during one call, or nil if b is empty.
func bytesData(b []byte) *C.uint8_t {
	if len(b) == 0 {
		return nil
	}
	return (*C.uint8_t)(unsafe.Pointer(&b[0]))
}

// extents returns the elements of s, which C may use during one call, or nil if s is empty.
func extents(s []uint64) *C.uint64_t {
	if len(s) == 0 {
		return nil
	}
	return (*C.uint64_t)(unsafe.Pointer(&s[0]))
}

// goString copies n bytes of C memory.
func goString(text *C.char, n C.uint64_t) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(text)), n))
}

// copyExtents copies n extents of C memory.
func copyExtents(shape *C.uint64_t, n C.uint64_t) []uint64 {
	return append(make([]uint64, 0, n), unsafe.Slice((*uint64)(unsafe.Pointer(shape)), n)...)
}

// arena is C memory that is freed at once. It is zeroed and holds the arrays of structs that a call
// passes to C: memory of Go must not contain the Go pointers that they would need.
type arena struct {
	blocks []unsafe.Pointer
	rest   []byte
}

const arenaBlock = 64 << 10

// alloc returns n zeroed bytes, aligned to 8.
func (a *arena) alloc(n int) unsafe.Pointer {
	n = (n + 7) &^ 7
	if n > len(a.rest) {
		size := arenaBlock
		if n > size {
			size = n
		}
		block := C.calloc(1, C.size_t(size))
		if block == nil {
			panic("safetensors: out of memory")
		}
		a.blocks = append(a.blocks, block)
		a.rest = unsafe.Slice((*byte)(block), size)
	}
	p := unsafe.Pointer(&a.rest[0])
	a.rest = a.rest[n:]
	return p
}

// text copies s. The result is NUL-terminated and never nil.
func (a *arena) text(s string) *C.char {
	p := a.alloc(len(s) + 1)
	copy(unsafe.Slice((*byte)(p), len(s)), s)
	return (*C.char)(p)
}

func (a *arena) extents(shape []uint64) *C.uint64_t {
	if len(shape) == 0 {
		return nil
	}
	p := a.alloc(8 * len(shape))
	copy(unsafe.Slice((*uint64)(p), len(shape)), shape)
	return (*C.uint64_t)(p)
}

// path copies a path. C would end it at a NUL byte.
func (a *arena) path(path string) (*C.char, error) {
	if strings.IndexByte(path, 0) >= 0 {
		return nil, invalidArgument("the path contains a NUL byte")
	}
	return a.text(path), nil
}

func (a *arena) free() {
	for _, block := range a.blocks {
		C.free(block)
	}
	a.blocks, a.rest = nil, nil
}
