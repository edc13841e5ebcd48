package safetensors

// #include "bridge.h"
import "C"

import (
	"io"
	"os"
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// Backend selects how the library reads a path or an *os.File.
type Backend uint32

// The backends.
const (
	BackendAuto  Backend = C.ST_BACKEND_AUTO  // map; read on network file systems, on FUSE and where mapping fails
	BackendMmap  Backend = C.ST_BACKEND_MMAP  // map the file: no copy
	BackendPread Backend = C.ST_BACKEND_PREAD // read into memory when data is requested
)

// Strictness selects how strictly a header is validated.
type Strictness uint32

// The levels of strictness.
const (
	Compatible Strictness = C.ST_STRICTNESS_COMPATIBLE // accept what the reference implementation accepts
	Strict     Strictness = C.ST_STRICTNESS_STRICT     // also reject odd whitespace and padding, unknown fields and null metadata
)

// Access tells whether the bytes of a Tensor may be modified.
type Access uint32

// The kinds of access.
const (
	ReadOnly Access = C.ST_ACCESS_READ_ONLY // Tensor.MutableBytes returns nil
	Writable Access = C.ST_ACCESS_WRITABLE  // writes change neither the file nor the caller's memory
)

// SetPolicy selects which tensors of its shards a set has.
type SetPolicy uint32

// The policies.
const (
	SetIndex SetPolicy = C.ST_SET_INDEX // those that the index assigns to a shard, each from that shard
	SetAll   SetPolicy = C.ST_SET_ALL   // all tensors of all shards of the index
)

// Unaligned selects what File.Tensor returns for a tensor whose address in the mapping or memory is
// not a multiple of its element size.
type Unaligned uint32

// The choices for unaligned tensors. The zero value is not the default of the C interface: a slice of
// Go must be aligned.
const (
	UnalignedCopy  Unaligned = iota // a copy, aligned to 64 bytes, which As can return
	UnalignedAllow                  // the file's own bytes at any address, for which As fails
)

// OpenOptions are the options of the functions that open a File. The zero value, and nil, select
// the defaults.
type OpenOptions struct {
	Backend       Backend
	Strictness    Strictness
	Access        Access
	Unaligned     Unaligned
	SetPolicy     SetPolicy // for OpenSet
	MaxHeaderSize uint64    // limit in bytes, at most 100,000,000; 0: 100,000,000
}

func (o *OpenOptions) c() *C.st_open_options {
	options := &C.st_open_options{size: C.sizeof_st_open_options, unaligned: C.ST_UNALIGNED_COPY}
	if o == nil {
		return options
	}
	options.backend = C.uint32_t(o.Backend)
	options.strictness = C.uint32_t(o.Strictness)
	options.access = C.uint32_t(o.Access)
	options.max_header_size = C.uint64_t(o.MaxHeaderSize)
	options.set_policy = C.uint32_t(o.SetPolicy)
	switch o.Unaligned {
	case UnalignedCopy:
	case UnalignedAllow:
		options.unaligned = C.ST_UNALIGNED_ALLOW
	default:
		options.unaligned = C.uint32_t(o.Unaligned)
	}
	return options
}

// Open opens a file, reads its header and validates all of it. It reads no tensor data and follows
// symbolic links. Errors: ErrNotFound, ErrPermission, ErrNotRegular, ErrIO, ErrTruncated and every
// code of the file format.
func Open(path string, options *OpenOptions) (*File, error) {
	var a arena
	defer a.free()
	cpath, err := a.path(path)
	if err != nil {
		return nil, err
	}
	return open(func(file **C.st_file, e *C.st_error) C.st_status {
		return C.st_open(cpath, options.c(), file, e)
	})
}

// OpenFile opens the regular file of an *os.File. The library duplicates the descriptor: f remains
// the caller's, and its offset is neither used nor changed.
func OpenFile(f *os.File, options *OpenOptions) (*File, error) {
	connection, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var file *File
	var openErr error
	err = connection.Control(func(fd uintptr) {
		file, openErr = open(func(file **C.st_file, e *C.st_error) C.st_status {
			return C.st_open_fd(C.int(fd), options.c(), file, e)
		})
	})
	if err != nil {
		return nil, err
	}
	return file, openErr
}

// OpenBytes opens a copy of data: C must not keep a pointer to memory of Go.
func OpenBytes(data []byte, options *OpenOptions) (*File, error) {
	return open(func(file **C.st_file, e *C.st_error) C.st_status {
		return C.stgo_open_memory_copy(bytesData(data), C.uint64_t(len(data)), options.c(), file, e)
	})
}

// OpenMemory opens n bytes of memory that is not Go's, such as that of C.malloc or of syscall.Mmap,
// without a copy. They must not change before release is called, once, on a new goroutine, after the
// last of the File and its tensors was closed. If release is nil, they must stay valid until then. If
// OpenMemory fails, release is not called.
func OpenMemory(p unsafe.Pointer, n uint64, release func(), options *OpenOptions) (*File, error) {
	var handle cgo.Handle
	if release != nil {
		handle = cgo.NewHandle(release)
	}
	file, err := open(func(file **C.st_file, e *C.st_error) C.st_status {
		return C.stgo_open_memory(p, C.uint64_t(n), C.uintptr_t(handle), options.c(), file, e)
	})
	if err != nil && release != nil {
		handle.Delete()
	}
	return file, err
}

// OpenReaderAt opens a file of size bytes that r reads: an archive member, an object of a store, an
// encrypted file. The library calls r.ReadAt when data is requested, from several goroutines at once
// if they use the File at once, and never beyond size.
//
// An error of r becomes Error.Err of the call that read: with ErrIO if it wraps a syscall.Errno, else
// with ErrCancelled. A panic of r continues after the library has returned.
func OpenReaderAt(r io.ReaderAt, size int64, options *OpenOptions) (*File, error) {
	if r == nil || size < 0 {
		return nil, invalidArgument("the io.ReaderAt is nil, or its size %d is negative", size)
	}
	reader := cgo.NewHandle(r)
	opened := false
	defer func() {
		if !opened {
			reader.Delete()
		}
	}()
	var c call
	var file *C.st_file
	err := c.run(func(handle C.uintptr_t, e *C.st_error) C.st_status {
		return C.stgo_open_reader(handle, C.uintptr_t(reader), C.uint64_t(size), options.c(), &file, e)
	})
	if err != nil {
		return nil, err
	}
	opened = true
	return newFile(file, true), nil
}

// OpenSet opens a model in one or more files, the shards, as one File. The path is that of an index
// (NAME.json), of a directory, or of the only file.
//
// Offsets count in the concatenation of the shards in the order of their paths. The metadata is the
// union of the shards'. Errors: as Open, with the shard's path in the message; ErrSetIndex,
// ErrSetPath, ErrSetShardMissing, ErrSetTensorMissing, ErrSetAmbiguous, ErrDuplicate.
func OpenSet(path string, options *OpenOptions) (*File, error) {
	var a arena
	defer a.free()
	cpath, err := a.path(path)
	if err != nil {
		return nil, err
	}
	return open(func(file **C.st_file, e *C.st_error) C.st_status {
		return C.st_open_set(cpath, options.c(), file, e)
	})
}

func open(function func(file **C.st_file, e *C.st_error) C.st_status) (*File, error) {
	var file *C.st_file
	e := newCError()
	if err := check(function(&file, e), e); err != nil {
		return nil, err
	}
	return newFile(file, false), nil
}

func newFile(handle *C.st_file, reader bool) *File {
	file := &File{handle: handle, size: int64(C.st_file_size(handle)), reader: reader}
	runtime.SetFinalizer(file, (*File).Close)
	return file
}
