package safetensors

// #include "bridge.h"
import "C"

import (
	"io"
	"runtime"
	"unsafe"
)

// File is a validated safetensors file, or a set of them that OpenSet opened as one. Any number of
// goroutines may use it. Close releases it; without Close, the garbage collector does.
//
// Methods that return an error fail with ErrClosed after Close; the others return the zero value.
type File struct {
	lifetime lifetime
	handle   *C.st_file
	size     int64 // the size of the file, as ReadAt needs it
	reader   bool  // an io.ReaderAt reads the file
}

// Close closes the file after the last of the calls that run. Tensors got from it stay valid. Close
// may be called again, and returns nil.
func (f *File) Close() error {
	if f != nil && f.lifetime.close() {
		f.free()
	}
	return nil
}

func (f *File) free() {
	runtime.SetFinalizer(f, nil)
	C.st_close(f.handle)
}

func (f *File) acquire() bool {
	return f != nil && f.lifetime.acquire()
}

func (f *File) release() {
	if f.lifetime.release() {
		f.free()
	}
}

// number is the handle for the functions of C that cgo need not check the argument of.
func (f *File) number() C.uintptr_t {
	return C.uintptr_t(uintptr(unsafe.Pointer(f.handle)))
}

// query makes a call that reads no tensor data.
func (f *File) query(function func(file *C.st_file, e *C.st_error) C.st_status) error {
	if !f.acquire() {
		return ErrClosed
	}
	defer f.release()
	e := newCError()
	return check(function(f.handle, e), e)
}

// read makes a call that may read tensor data through the io.ReaderAt of the file.
func (f *File) read(function func(file *C.st_file, call C.uintptr_t, e *C.st_error) C.st_status) error {
	if !f.acquire() {
		return ErrClosed
	}
	defer f.release()
	if f.reader {
		var c call
		return c.run(func(handle C.uintptr_t, e *C.st_error) C.st_status {
			return function(f.handle, handle, e)
		})
	}
	e := newCError()
	return check(function(f.handle, 0, e), e)
}

// property returns a property of the file, or 0 after Close.
func (f *File) property(function func(file *C.st_file) C.uint64_t) uint64 {
	if !f.acquire() {
		return 0
	}
	defer f.release()
	return uint64(function(f.handle))
}

// Size returns the size of the file in bytes.
func (f *File) Size() int64 {
	return int64(f.property(func(file *C.st_file) C.uint64_t { return C.st_file_size(file) }))
}

// DataOffset returns the offset of the tensor data: the size of the header and of the 8 bytes before
// it. It is 0 for a set of several shards.
func (f *File) DataOffset() int64 {
	return int64(f.property(func(file *C.st_file) C.uint64_t { return C.st_file_data_offset(file) }))
}

// Mapped reports whether the file is mapped, so that the bytes of a Tensor are pages of the file.
func (f *File) Mapped() bool {
	return f.property(func(file *C.st_file) C.uint64_t { return C.uint64_t(C.st_file_is_mapped(file)) }) != 0
}

// Identity tells whether two Files are the same file, and whether another file has replaced it at
// its path.
type Identity struct {
	Device     uint64 // 0 for memory and io.ReaderAt
	Inode      uint64 // 0 for memory and io.ReaderAt
	Size       int64  // size of the file in bytes
	HeaderSize int64  // size of the header, without the 8 bytes of its length
}

// Identity returns the identity of the file, as it was opened.
func (f *File) Identity() (Identity, error) {
	identity := C.st_identity{size: C.sizeof_st_identity}
	err := f.query(func(file *C.st_file, e *C.st_error) C.st_status {
		return C.st_file_identity(file, &identity, e)
	})
	return Identity{
		Device:     uint64(identity.device),
		Inode:      uint64(identity.inode),
		Size:       int64(identity.nbytes),
		HeaderSize: int64(identity.header_nbytes),
	}, err
}

// VerifyUnchanged fails with ErrTruncated or ErrChanged if the file's size or modification time
// differs from when it was opened. Memory and io.ReaderAt never change. A file that was replaced by
// rename, as Save does, counts as unchanged: the File still refers to the old one.
func (f *File) VerifyUnchanged() error {
	return f.query(func(file *C.st_file, e *C.st_error) C.st_status {
		return C.st_file_verify_unchanged(file, e)
	})
}

// Replaced reports whether another file has taken the path from which the file was opened, as Save
// does: a server calls it at intervals, and opens the path again. A path that names nothing has not
// been taken. Of a set, the index and every shard count. Always false for a File without a path.
// Errors: ErrPermission, ErrIO.
func (f *File) Replaced() (bool, error) {
	var replaced C.int32_t
	err := f.query(func(file *C.st_file, e *C.st_error) C.st_status {
		return C.st_file_is_replaced(file, &replaced, e)
	})
	return replaced != 0, err
}

// Prefetch starts to read all bytes of the file into the page cache, and does not wait for them. It
// does nothing for memory and io.ReaderAt.
func (f *File) Prefetch() error {
	if f == nil {
		return ErrClosed
	}
	return f.PrefetchRange(0, f.size)
}

// PrefetchTensor does the same for the bytes of a tensor. Errors: as Prefetch; ErrTensorNotFound.
func (f *File) PrefetchTensor(name string) error {
	info, err := f.Info(name)
	if err != nil {
		return err
	}
	return f.PrefetchRange(info.Offset, info.Size)
}

// PrefetchRange does the same for n bytes at an offset that counts from the first byte of the file.
// Errors: ErrOutOfRange; ErrChanged for a shard of a set that cannot be opened again.
func (f *File) PrefetchRange(offset, n int64) error {
	if offset < 0 || n < 0 {
		return invalidArgument("negative offset %d or size %d", offset, n)
	}
	return f.query(func(file *C.st_file, e *C.st_error) C.st_status {
		return C.st_file_prefetch(file, C.uint64_t(offset), C.uint64_t(n), e)
	})
}

// ReadTensor reads the bytes of a tensor into p, whose length must be at least TensorInfo.Size.
// Errors: ErrTensorNotFound, ErrBufferTooSmall, ErrTruncated, ErrIO. After an error the content of p
// is unspecified.
func (f *File) ReadTensor(name string, p []byte) error {
	return f.read(func(file *C.st_file, call C.uintptr_t, e *C.st_error) C.st_status {
		return C.stgo_read_tensor(file, call, stringData(name), C.uint64_t(len(name)), bytesData(p), C.uint64_t(len(p)), e)
	})
}

// ReadAt reads len(p) bytes at an offset that counts from the first byte of the file: for example a
// tensor in pieces. It implements io.ReaderAt: beyond the end of the file it returns the bytes before
// the end and io.EOF.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, invalidArgument("negative offset %d", offset)
	}
	if f == nil {
		return 0, ErrClosed
	}
	atEnd := false
	if rest := f.size - offset; int64(len(p)) > rest {
		if rest < 0 {
			rest = 0
		}
		p, atEnd = p[:rest], true
	}
	err := f.read(func(file *C.st_file, call C.uintptr_t, e *C.st_error) C.st_status {
		if len(p) == 0 {
			return C.ST_OK
		}
		return C.stgo_read_at(file, call, C.uint64_t(offset), bytesData(p), C.uint64_t(len(p)), e)
	})
	if err != nil {
		return 0, err
	}
	if atEnd {
		return len(p), io.EOF
	}
	return len(p), nil
}

// Range is the elements Start <= i < Stop of a dimension.
type Range struct {
	Start, Stop uint64
}

// ReadSlice reads the elements of a tensor that are in all ranges, one for each dimension, into p:
// dense, in row-major order. It returns the size of the slice in bytes. Errors: as ReadTensor;
// ErrInvalidArgument for another number of ranges; ErrOutOfRange unless Start <= Stop <= extent;
// ErrSubByte if a contiguous run is not a whole number of bytes.
func (f *File) ReadSlice(name string, ranges []Range, p []byte) (int64, error) {
	if len(p) == 0 {
		n, err := f.SliceSize(name, ranges)
		if err == nil && n > 0 {
			err = &Error{Code: ErrBufferTooSmall, Message: "the buffer of the slice is empty", Position: -1}
		}
		return n, err
	}
	return f.slice(name, ranges, p)
}

// SliceSize returns the size of a slice in bytes. Errors: as ReadSlice.
func (f *File) SliceSize(name string, ranges []Range) (int64, error) {
	return f.slice(name, ranges, nil)
}

func (f *File) slice(name string, ranges []Range, p []byte) (int64, error) {
	starts := make([]uint64, len(ranges))
	stops := make([]uint64, len(ranges))
	for i, r := range ranges {
		starts[i], stops[i] = r.Start, r.Stop
	}
	var n C.uint64_t
	err := f.read(func(file *C.st_file, call C.uintptr_t, e *C.st_error) C.st_status {
		return C.stgo_read_slice(file, call, stringData(name), C.uint64_t(len(name)), extents(starts),
			extents(stops), C.uint64_t(len(ranges)), bytesData(p), C.uint64_t(len(p)), &n, e)
	})
	return int64(n), err
}
