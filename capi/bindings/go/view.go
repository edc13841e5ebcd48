package safetensors

import (
	"reflect"
	"unsafe"
)

// Element is a Go type that the elements of a tensor have. The bits of F16 and BF16 are uint16; those
// of the types of at most 8 bits, and of Bool, uint8. A bool of Go could be neither true nor false.
type Element interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64 | ~complex64
}

// dtypesOf has the dtypes that a kind of Go can represent. The first one is that of Of.
var dtypesOf = map[reflect.Kind][]DType{
	reflect.Int8:      {I8},
	reflect.Int16:     {I16},
	reflect.Int32:     {I32},
	reflect.Int64:     {I64},
	reflect.Uint8:     {U8, Bool, F8E5M2, F8E4M3, F8E8M0, F8E4M3FNUZ, F8E5M2FNUZ, F4, F6E2M3, F6E3M2},
	reflect.Uint16:    {U16, F16, BF16},
	reflect.Uint32:    {U32},
	reflect.Uint64:    {U64},
	reflect.Float32:   {F32},
	reflect.Float64:   {F64},
	reflect.Complex64: {C64},
}

func kindOf[T Element]() reflect.Kind {
	var zero T
	return reflect.TypeOf(zero).Kind()
}

func checkElement[T Element](info *TensorInfo) error {
	for _, dtype := range dtypesOf[kindOf[T]()] {
		if dtype == info.DType {
			return nil
		}
	}
	var zero T
	return &Error{
		Code:     ErrDType,
		Message:  "tensor " + quote(info.Name) + " is " + info.DType.String() + ", which " + reflect.TypeOf(zero).String() + " cannot represent",
		Position: -1,
	}
}

func elementsOf[T Element](data []byte) []T {
	var zero T
	if len(data) == 0 {
		return []T{}
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&data[0])), len(data)/int(unsafe.Sizeof(zero)))
}

func bytesOf[T Element](elements []T) []byte {
	var zero T
	if len(elements) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&elements[0])), len(elements)*int(unsafe.Sizeof(zero)))
}

func typed[T Element](t *Tensor) ([]T, error) {
	if err := checkElement[T](&t.TensorInfo); err != nil {
		return nil, err
	}
	var zero T
	if uintptr(t.data)%unsafe.Alignof(zero) != 0 {
		return nil, invalidArgument("tensor %s is not aligned for %T: use Copy, or open the file with UnalignedCopy",
			quote(t.Name), zero)
	}
	return elementsOf[T](t.bytes()), nil
}

// As returns the elements of a tensor without a copy. The slice is valid and writable as Tensor.Bytes
// is: until Close, and only while t is reachable.
//
//	weight, err := safetensors.As[float32](tensor)
//	…
//	runtime.KeepAlive(tensor)
//
// It fails with ErrDType if T is not the dtype's Go type, with ErrInvalidArgument if the tensor is not
// aligned, and with ErrClosed.
func As[T Element](t *Tensor) ([]T, error) {
	if !t.acquire() {
		return nil, ErrClosed
	}
	defer t.release()
	return typed[T](t)
}

// View calls function with the elements of a tensor, which stay valid until it returns, as
// Tensor.Guard does with the bytes. Errors: as As, ErrTruncated, and that of function.
func View[T Element](t *Tensor, function func(elements []T) error) error {
	return t.Guard(func([]byte) error {
		elements, err := typed[T](t)
		if err != nil {
			return err
		}
		return function(elements)
	})
}

// Copy returns a copy of the elements of a tensor, which may be unaligned. Errors: ErrDType,
// ErrTruncated, ErrClosed.
func Copy[T Element](t *Tensor) ([]T, error) {
	var elements []T
	err := t.Guard(func(data []byte) error {
		if err := checkElement[T](&t.TensorInfo); err != nil {
			return err
		}
		var zero T
		elements = make([]T, len(data)/int(unsafe.Sizeof(zero)))
		copy(bytesOf(elements), data)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return elements, nil
}

// Read reads the elements of a tensor into memory of Go. Errors: as File.ReadTensor, and ErrDType.
func Read[T Element](f *File, name string) ([]T, error) {
	elements, err := newElements[T](f, name, func(info *TensorInfo) (int64, error) { return info.Size, nil })
	if err != nil {
		return nil, err
	}
	if err := f.ReadTensor(name, bytesOf(elements)); err != nil {
		return nil, err
	}
	return elements, nil
}

// ReadSlice reads the elements of a tensor that are in all ranges, one for each dimension, into memory
// of Go. Errors: as File.ReadSlice, and ErrDType.
func ReadSlice[T Element](f *File, name string, ranges ...Range) ([]T, error) {
	elements, err := newElements[T](f, name, func(*TensorInfo) (int64, error) { return f.SliceSize(name, ranges) })
	if err != nil {
		return nil, err
	}
	if _, err := f.ReadSlice(name, ranges, bytesOf(elements)); err != nil {
		return nil, err
	}
	return elements, nil
}

func newElements[T Element](f *File, name string, size func(*TensorInfo) (int64, error)) ([]T, error) {
	info, err := f.Info(name)
	if err != nil {
		return nil, err
	}
	if err := checkElement[T](&info); err != nil {
		return nil, err
	}
	n, err := size(&info)
	if err != nil {
		return nil, err
	}
	var zero T
	return make([]T, n/int64(unsafe.Sizeof(zero))), nil
}
