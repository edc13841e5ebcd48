package safetensors

// #include "bridge.h"
import "C"

import (
	"runtime"
	"sync"
)

// SetWriter writes a set one tensor at a time, in constant memory. Goroutines that use it wait for each
// other. Nothing that a reader takes for a set exists before Commit.
type SetWriter struct {
	mutex  sync.Mutex
	handle *C.st_set_writer // nil after Close
}

// NewSetWriter creates the writer of a set in a directory, which is created if it does not exist. Close
// the writer, also after an error.
//
// With SetOptions.Resume, Close keeps complete shards unless the writer was committed, and a later
// writer of the same set reuses them: the program adds the same tensors in the same order, and the bytes
// of those that Has reports are not read. The options must be equal, else the kept shards are removed.
// NewSetWriter fails with ErrIO and syscall.EBUSY while another writer uses them.
//
// SaveOptions.Progress is ignored.
func NewSetWriter(directory string, set *SetOptions, options *SaveOptions) (*SetWriter, error) {
	var a arena
	defer a.free()
	path, err := a.path(directory)
	if err != nil {
		return nil, err
	}
	w := &SetWriter{}
	e := newCError()
	if err := check(C.st_set_writer_open(path, set.c(&a), options.c(&a, 0), &w.handle, e), e); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(w, (*SetWriter).Close)
	return w, nil
}

// Add writes a tensor. A shard is complete when the next tensor would exceed MaxShardSize. An error with
// ErrIO makes the writer unusable; after other errors it is unchanged. Errors: as Save. A Source must not
// use the writer.
func (w *SetWriter) Add(t SaveTensor) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.handle == nil {
		return ErrClosed
	}
	release, err := hold([]SaveTensor{t})
	if err != nil {
		return err
	}
	defer release()
	if t.Source != nil {
		return w.addSource(t)
	}
	e := newCError()
	return check(C.stgo_set_writer_add(w.handle, stringData(t.Name), C.uint64_t(len(t.Name)), C.uint32_t(t.DType),
		extents(t.Shape), C.uint64_t(len(t.Shape)), bytesData(t.Data), C.uint64_t(len(t.Data)), e), e)
}

func (w *SetWriter) addSource(t SaveTensor) error {
	var a arena
	defer a.free()
	if t.Data != nil {
		return invalidArgument("tensor %s has both Data and Source", quote(t.Name))
	}
	c := &call{tensors: []SaveTensor{t}}
	return c.run(func(handle C.uintptr_t, e *C.st_error) C.st_status {
		source := (*C.stgo_source)(a.alloc(C.sizeof_stgo_source))
		source.call = handle
		return C.stgo_set_writer_add_fill(w.handle, stringData(t.Name), C.uint64_t(len(t.Name)), C.uint32_t(t.DType),
			extents(t.Shape), C.uint64_t(len(t.Shape)), C.uint64_t(t.size()), source, e)
	})
}

// Has reports whether a complete shard that Resume found has the tensor, so that its bytes are not
// needed.
func (w *SetWriter) Has(name string) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.handle != nil && C.st_set_writer_has_tensor(w.handle, stringData(name), C.uint64_t(len(name))) != 0
}

// Commit publishes the set, as SaveSet does. Afterwards the writer can only be closed.
func (w *SetWriter) Commit() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.handle == nil {
		return ErrClosed
	}
	e := newCError()
	return check(C.st_set_writer_commit(w.handle, e), e)
}

// Close frees the writer; without a Commit it removes what was written, except what Resume keeps. It may
// be called again, and returns nil.
func (w *SetWriter) Close() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.handle != nil {
		runtime.SetFinalizer(w, nil)
		C.st_set_writer_free(w.handle)
		w.handle = nil
	}
	return nil
}
