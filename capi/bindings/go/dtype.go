package safetensors

// #include "bridge.h"
import "C"

import (
	"math/bits"
	"strconv"
)

// DType is the element type of a tensor.
type DType uint32

// The element types. F16, BF16 and the types of 8 bits have no Go type: As and Read give their bits
// as uint16 and uint8.
const (
	Bool       DType = C.ST_DTYPE_BOOL // one byte, 0 or 1
	F4         DType = C.ST_DTYPE_F4
	F6E2M3     DType = C.ST_DTYPE_F6_E2M3
	F6E3M2     DType = C.ST_DTYPE_F6_E3M2
	U8         DType = C.ST_DTYPE_U8
	I8         DType = C.ST_DTYPE_I8
	F8E5M2     DType = C.ST_DTYPE_F8_E5M2
	F8E4M3     DType = C.ST_DTYPE_F8_E4M3
	F8E8M0     DType = C.ST_DTYPE_F8_E8M0
	F8E4M3FNUZ DType = C.ST_DTYPE_F8_E4M3FNUZ
	F8E5M2FNUZ DType = C.ST_DTYPE_F8_E5M2FNUZ
	I16        DType = C.ST_DTYPE_I16
	U16        DType = C.ST_DTYPE_U16
	F16        DType = C.ST_DTYPE_F16
	BF16       DType = C.ST_DTYPE_BF16
	I32        DType = C.ST_DTYPE_I32
	U32        DType = C.ST_DTYPE_U32
	F32        DType = C.ST_DTYPE_F32
	C64        DType = C.ST_DTYPE_C64 // complex, two F32
	F64        DType = C.ST_DTYPE_F64
	I64        DType = C.ST_DTYPE_I64
	U64        DType = C.ST_DTYPE_U64
)

// ParseDType returns the dtype with a name as in a header, such as "BF16". It fails with ErrDType.
func ParseDType(name string) (DType, error) {
	var dtype C.uint32_t
	e := newCError()
	err := check(C.st_dtype_from_name(stringData(name), C.uint64_t(len(name)), &dtype, e), e)
	return DType(dtype), err
}

// String returns the name of the dtype as in a header, such as "BF16".
func (d DType) String() string {
	name := C.st_dtype_name(C.uint32_t(d))
	if name == nil {
		return "DType(" + strconv.FormatUint(uint64(d), 10) + ")"
	}
	return C.GoString(name)
}

// Bits returns the bits of an element (BF16: 16, F4: 4), or 0 for an unknown dtype.
func (d DType) Bits() int {
	return int(C.st_dtype_bits(C.uint32_t(d)))
}

// byteSize returns the size of a tensor in bytes, or 0 for one that the library will reject: with a
// size that exceeds 64 bits.
func byteSize(dtype DType, shape []uint64) uint64 {
	elements := uint64(1)
	for _, extent := range shape {
		if extent == 0 {
			return 0
		}
	}
	for _, extent := range shape {
		high, low := bits.Mul64(elements, extent)
		if high != 0 {
			return 0
		}
		elements = low
	}
	high, low := bits.Mul64(elements, uint64(dtype.Bits()))
	if high >= 8 {
		return 0
	}
	nbytes, _ := bits.Div64(high, low, 8)
	return nbytes
}
