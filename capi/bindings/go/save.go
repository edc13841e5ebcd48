package safetensors

// #include "bridge.h"
import "C"

import (
	"io"
	"strconv"
	"unsafe"
)

// SaveTensor is a tensor to write. Its bytes are Data or, if Source is not nil, what Source reads.
type SaveTensor struct {
	Name   string   // UTF-8; "__metadata__" is reserved
	DType  DType    // element type
	Shape  []uint64 // extents in elements
	Data   []byte   // the bytes: little-endian, dense, row-major
	Source io.ReaderAt

	// For SaveSet: tensors that share memory have an equal StorageID that is not 0, and get into the
	// same shard. StorageBytes is the size of that memory; 0: that of the tensor.
	StorageID    uint64
	StorageBytes uint64

	owner *Tensor // whose bytes Data is, or nil
}

// Of returns a tensor to write whose elements are data. The type of the elements selects the dtype: F32
// for float32, U16 for uint16. For the bits of F16 or BF16 set DType afterwards.
func Of[T Element](name string, shape []uint64, data []T) SaveTensor {
	return SaveTensor{Name: name, DType: dtypesOf[kindOf[T]()][0], Shape: shape, Data: bytesOf(data)}
}

// SaveTensor returns a tensor to write with the name, dtype, shape and bytes of t, and keeps t reachable.
// The functions that write it fail with ErrClosed if t is closed.
func (t *Tensor) SaveTensor() SaveTensor {
	return SaveTensor{Name: t.Name, DType: t.DType, Shape: t.Shape, Data: t.Bytes(), owner: t}
}

// FillFunc makes an io.ReaderAt, for SaveTensor.Source, of a function that fills p with the bytes at an
// offset of the tensor.
type FillFunc func(p []byte, offset int64) error

// ReadAt calls the function.
func (f FillFunc) ReadAt(p []byte, offset int64) (int, error) {
	if err := f(p, offset); err != nil {
		return 0, err
	}
	return len(p), nil
}

func quote(name string) string {
	return strconv.Quote(name)
}

func (t *SaveTensor) size() uint64 {
	if t.Source != nil {
		return byteSize(t.DType, t.Shape)
	}
	return uint64(len(t.Data))
}

// tensors copies the description of tensors to an array for one call. With a call, each has a fill
// function that provides the bytes; without one, none has bytes, as a declaration.
func (a *arena) tensors(tensors []SaveTensor, call C.uintptr_t) (*C.st_save_tensor, error) {
	if len(tensors) == 0 {
		return nil, nil
	}
	first := (*C.st_save_tensor)(a.alloc(len(tensors) * C.sizeof_st_save_tensor))
	sources := unsafe.Slice((*C.stgo_source)(a.alloc(len(tensors)*C.sizeof_stgo_source)), len(tensors))
	for i := range tensors {
		t, c := &tensors[i], &unsafe.Slice(first, len(tensors))[i]
		if t.Source != nil && t.Data != nil {
			return nil, invalidArgument("tensor %s has both Data and Source", quote(t.Name))
		}
		c.size = C.sizeof_st_save_tensor
		c.dtype = C.uint32_t(t.DType)
		c.name, c.name_len = a.text(t.Name), C.uint64_t(len(t.Name))
		c.shape, c.rank = a.extents(t.Shape), C.uint64_t(len(t.Shape))
		c.storage_id = C.uint64_t(t.StorageID)
		c.storage_nbytes = C.uint64_t(t.StorageBytes)
		if call != 0 {
			c.nbytes = C.uint64_t(t.size())
		}
		if c.nbytes != 0 {
			sources[i].call = call
			sources[i].index = C.uint64_t(i)
			C.stgo_set_fill(c, &sources[i])
		}
	}
	return first, nil
}

// saving is the arguments of a call that saves.
type saving struct {
	arena   arena
	call    C.uintptr_t
	tensors *C.st_save_tensor
	count   C.uint64_t
	options *C.st_save_options
}

// save makes a call whose callbacks provide the bytes of the tensors.
func save(c *call, options *SaveOptions, function func(s *saving, e *C.st_error) C.st_status) error {
	release, err := hold(c.tensors)
	if err != nil {
		return err
	}
	defer release()
	s := &saving{count: C.uint64_t(len(c.tensors))}
	defer s.arena.free()
	c.progress = options.progress()
	var invalid error
	err = c.run(func(handle C.uintptr_t, e *C.st_error) C.st_status {
		s.call = handle
		s.options = options.c(&s.arena, handle)
		if s.tensors, invalid = s.arena.tensors(c.tensors, handle); invalid != nil {
			return C.ST_OK
		}
		return function(s, e)
	})
	if invalid != nil {
		return invalid
	}
	return err
}

// hold keeps the Tensors that own the bytes of tensors open until release is called.
func hold(tensors []SaveTensor) (release func(), err error) {
	var held []*Tensor
	release = func() {
		for _, t := range held {
			t.release()
		}
	}
	for i := range tensors {
		owner := tensors[i].owner
		if owner == nil {
			continue
		}
		if !owner.acquire() {
			release()
			return nil, ErrClosed
		}
		held = append(held, owner)
	}
	return release, nil
}

// SaveSize returns the size in bytes of the file that Save writes. It reads no tensor data. Errors:
// those that Save reports before it uses the file system.
func SaveSize(tensors []SaveTensor, options *SaveOptions) (int64, error) {
	var n C.uint64_t
	err := save(&call{tensors: tensors}, options, func(s *saving, e *C.st_error) C.st_status {
		return C.st_save_size(s.tensors, s.count, s.options, &n, e)
	})
	return int64(n), err
}

// Marshal returns the bytes of the file that Save writes.
func Marshal(tensors []SaveTensor, options *SaveOptions) ([]byte, error) {
	n, err := SaveSize(tensors, options)
	if err != nil {
		return nil, err
	}
	buffer := make([]byte, n)
	_, err = MarshalTo(buffer, tensors, options)
	if err != nil {
		return nil, err
	}
	return buffer, nil
}

// MarshalTo writes the bytes of the file that Save writes into a buffer, and returns their number. It
// fails with ErrBufferTooSmall before it writes anything.
func MarshalTo(buffer []byte, tensors []SaveTensor, options *SaveOptions) (int64, error) {
	var n C.uint64_t
	err := save(&call{tensors: tensors}, options, func(s *saving, e *C.st_error) C.st_status {
		return C.stgo_save_memory(s.tensors, s.count, s.options, bytesData(buffer), C.uint64_t(len(buffer)), &n, e)
	})
	return int64(n), err
}

// Encode writes the bytes of the file that Save writes to w, in order: to a pipe, a socket, an object
// store. It returns the number of bytes that w has received, which is not 0 after some errors. An error
// of w becomes Error.Err.
func Encode(w io.Writer, tensors []SaveTensor, options *SaveOptions) (int64, error) {
	c := &call{tensors: tensors, writer: w}
	err := save(c, options, func(s *saving, e *C.st_error) C.st_status {
		return C.stgo_save_io(s.call, s.tensors, s.count, s.options, e)
	})
	return c.written, err
}

// SaveSet writes tensors to a directory as shards of at most SetOptions.MaxShardSize and an index, or
// as one file without an index if one shard holds all. It creates the directory if it does not exist.
// A reader with OpenSet gets the complete old or the complete new set at any time. Errors: as Save.
func SaveSet(directory string, tensors []SaveTensor, set *SetOptions, options *SaveOptions) error {
	var paths arena
	defer paths.free()
	path, err := paths.path(directory)
	if err != nil {
		return err
	}
	return save(&call{tensors: tensors}, options, func(s *saving, e *C.st_error) C.st_status {
		return C.st_save_set(path, s.tensors, s.count, set.c(&s.arena), s.options, e)
	})
}
