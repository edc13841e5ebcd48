package safetensors

// #include "bridge.h"
import "C"

import (
	"runtime"
	"runtime/debug"
	"unsafe"
)

// Tensor is the bytes of a tensor, which stay valid when the File is closed. Any number of goroutines
// may use it. Close releases the bytes; without Close, the garbage collector does.
//
// The bytes are not memory of Go. A slice of them does not keep the Tensor reachable: close the Tensor
// with defer, or call runtime.KeepAlive(tensor), after the last use of the slice, or use View or Guard.
type Tensor struct {
	TensorInfo
	lifetime lifetime
	handle   *C.st_tensor
	data     unsafe.Pointer
	size     int
	mutable  bool
}

// Tensor returns the tensor with this name and its bytes: without a copy for mapped files and memory,
// else read into memory. Errors: ErrTensorNotFound, ErrTruncated, ErrIO, ErrNoMemory.
func (f *File) Tensor(name string) (*Tensor, error) {
	if !f.acquire() {
		return nil, ErrClosed
	}
	defer f.release()
	if !f.reader {
		got := C.stgo_get_tensor(f.number(), 0, stringData(name), C.uint64_t(len(name)), nil)
		if got.status == C.ST_OK {
			return newTensor(&got, name), nil
		}
	}
	return f.get(func(call C.uintptr_t, e *C.st_error) C.stgo_tensor {
		return C.stgo_get_tensor(f.number(), call, stringData(name), C.uint64_t(len(name)), e)
	})
}

// TensorAt returns the tensor at an index in an order, and its bytes. It fails with ErrOutOfRange and
// as Tensor.
func (f *File) TensorAt(order Order, index int) (*Tensor, error) {
	if !f.acquire() {
		return nil, ErrClosed
	}
	defer f.release()
	return f.get(func(call C.uintptr_t, e *C.st_error) C.stgo_tensor {
		return C.stgo_get_tensor_at(f.handle, call, C.uint32_t(order), C.uint64_t(index), e)
	})
}

func (f *File) get(function func(call C.uintptr_t, e *C.st_error) C.stgo_tensor) (*Tensor, error) {
	var got C.stgo_tensor
	err := f.read(func(_ *C.st_file, call C.uintptr_t, e *C.st_error) C.st_status {
		got = function(call, e)
		return got.status
	})
	if err != nil {
		return nil, err
	}
	return newTensor(&got, goString(got.info.name, got.info.name_len)), nil
}

func newTensor(got *C.stgo_tensor, name string) *Tensor {
	t := &Tensor{
		TensorInfo: newInfo(&got.info, name),
		handle:     got.tensor,
		data:       unsafe.Pointer(got.data),
		size:       int(got.info.nbytes),
		mutable:    got.mutable_data != nil,
	}
	runtime.SetFinalizer(t, (*Tensor).Close)
	return t
}

// Close releases the bytes after the last of the calls that use them. It may be called again, and
// returns nil.
func (t *Tensor) Close() error {
	if t != nil && t.lifetime.close() {
		t.free()
	}
	return nil
}

func (t *Tensor) free() {
	runtime.SetFinalizer(t, nil)
	C.st_tensor_unref(t.handle)
}

func (t *Tensor) acquire() bool {
	return t != nil && t.lifetime.acquire()
}

func (t *Tensor) release() {
	if t.lifetime.release() {
		t.free()
	}
}

// Bytes returns the bytes of the tensor: little-endian, dense, in row-major order. They are valid
// until Close, and only while the Tensor is reachable. They are read-only unless the file was opened
// with Writable: a write to the pages of a file raises SIGSEGV. After Close, Bytes returns nil.
func (t *Tensor) Bytes() []byte {
	if !t.acquire() {
		return nil
	}
	defer t.release()
	return t.bytes()
}

func (t *Tensor) bytes() []byte {
	return unsafe.Slice((*byte)(t.data), t.size)
}

// MutableBytes returns the bytes of the tensor for writing if the file was opened with Writable, else
// nil. The caller synchronizes writes.
func (t *Tensor) MutableBytes() []byte {
	if !t.acquire() {
		return nil
	}
	defer t.release()
	if !t.mutable {
		return nil
	}
	return t.bytes()
}

// Guard calls function with the bytes of the tensor, which stay valid until it returns: a Close
// meanwhile takes effect afterwards.
//
// If the file of a mapping was truncated, reading the removed pages raises SIGBUS. In the Go code that
// function runs on its goroutine, Guard turns it into an error with ErrTruncated. In C code, on other
// goroutines and outside of Guard, it ends the process: open the file with BackendPread where files may
// be truncated.
func (t *Tensor) Guard(function func(data []byte) error) (err error) {
	if !t.acquire() {
		return ErrClosed
	}
	defer t.release()
	data := t.bytes()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if value := recover(); value != nil {
			if !isTruncation(value, data) {
				panic(value)
			}
			err = &Error{
				Code:     ErrTruncated,
				Message:  "reading the tensor failed: its file was truncated after it was mapped",
				Position: -1,
			}
		}
	}()
	return function(data)
}

// isTruncation reports whether a panic is a fault within data at a byte that cannot be read. A byte
// that can be read was written to in read-only memory.
func isTruncation(value any, data []byte) bool {
	fault, ok := value.(interface {
		runtime.Error
		Addr() uintptr
	})
	if !ok || len(data) == 0 {
		return false
	}
	first := uintptr(unsafe.Pointer(&data[0]))
	offset := fault.Addr() - first
	if offset >= uintptr(len(data)) {
		return false
	}
	var read [1]byte
	return copyMemory(read[:], data[offset:offset+1]) != nil
}
