package safetensors

// #include "bridge.h"
import "C"

import (
	"io"
	"runtime"
	"runtime/cgo"
	"runtime/debug"
	"syscall"
	"unsafe"
)

// call is a call of C that may call functions of the caller, one at a time. A function must not
// leave through the frames of C: its error, its panic or its runtime.Goexit is kept here, the
// function cancels the call, and run continues it after C has returned.
type call struct {
	tensors  []SaveTensor
	writer   io.Writer
	progress func(done, total int64) error
	written  int64
	err      error
	panicked bool
	exited   bool
	value    any
}

// run calls C with the handle of c and with a struct to describe a failure in.
func (c *call) run(function func(handle C.uintptr_t, e *C.st_error) C.st_status) error {
	handle := cgo.NewHandle(c)
	defer handle.Delete()
	e := newCError()
	status := function(C.uintptr_t(handle), e)
	switch {
	case c.exited:
		runtime.Goexit()
	case c.panicked:
		panic(c.value)
	}
	err := check(status, e)
	if failure, ok := err.(*Error); ok && (failure.Code == ErrCancelled || failure.Code == ErrIO) {
		failure.Err = c.err
	}
	return err
}

// invoke calls a function of the caller and returns the result of the callback: 0, an errno, or -1.
//
// The function runs on a goroutine of its own. On this one, runtime.Goexit (testing.T.FailNow) would
// drop the frames of C, and with them the locks and files of the library.
func (c *call) invoke(function func() error) C.int32_t {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.exited = true // unless the next call returns
		c.catch(function)
		c.exited = false
	}()
	<-done
	if c.panicked || c.exited {
		return -1
	}
	return resultOf(c.err)
}

// catch calls a function and keeps its error or its panic. It does not return after runtime.Goexit.
func (c *call) catch(function func() error) {
	returned := false
	defer func() {
		if !returned {
			c.panicked = true
			c.value = recover() // nil for panic(nil) before Go 1.21, and for runtime.Goexit
		}
	}()
	c.err = function()
	returned = true
}

func resultOf(err error) C.int32_t {
	if err == nil {
		return 0
	}
	if errno := errnoOf(err); errno != 0 {
		return C.int32_t(errno)
	}
	return -1
}

// readFull reads exactly len(p) bytes.
func readFull(r io.ReaderAt, p []byte, offset int64) error {
	n, err := r.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// copyMemory copies bytes that may be those of a mapping. Where its file was truncated, the access
// fails with EFAULT, as in a system call.
func copyMemory(to, from []byte) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = syscall.EFAULT
		}
	}()
	copy(to, from)
	return nil
}

func memory(p unsafe.Pointer, n C.uint64_t) []byte {
	return unsafe.Slice((*byte)(p), n)
}

//export stgoReadAt
func stgoReadAt(reader, handle C.uintptr_t, offset C.uint64_t, buffer unsafe.Pointer, n C.uint64_t) C.int32_t {
	r := cgo.Handle(reader).Value().(io.ReaderAt)
	c := cgo.Handle(handle).Value().(*call)
	return c.invoke(func() error { return readFull(r, memory(buffer, n), int64(offset)) })
}

//export stgoFill
func stgoFill(handle C.uintptr_t, index, offset C.uint64_t, buffer unsafe.Pointer, n C.uint64_t) C.int32_t {
	c := cgo.Handle(handle).Value().(*call)
	tensor := &c.tensors[index]
	if tensor.Source != nil {
		return c.invoke(func() error { return readFull(tensor.Source, memory(buffer, n), int64(offset)) })
	}
	c.err = copyMemory(memory(buffer, n), tensor.Data[offset:])
	return resultOf(c.err)
}

//export stgoWrite
func stgoWrite(handle C.uintptr_t, buffer unsafe.Pointer, n C.uint64_t) C.int32_t {
	c := cgo.Handle(handle).Value().(*call)
	return c.invoke(func() error {
		written, err := c.writer.Write(memory(buffer, n))
		c.written += int64(written)
		if err == nil && written < int(n) {
			err = io.ErrShortWrite
		}
		return err
	})
}

//export stgoProgress
func stgoProgress(handle C.uintptr_t, done, total C.uint64_t) C.int32_t {
	c := cgo.Handle(handle).Value().(*call)
	return c.invoke(func() error { return c.progress(int64(done), int64(total)) })
}

//export stgoReleaseReader
func stgoReleaseReader(reader C.uintptr_t) {
	cgo.Handle(reader).Delete()
}

//export stgoReleaseMemory
func stgoReleaseMemory(release C.uintptr_t) {
	handle := cgo.Handle(release)
	go handle.Value().(func())()
	handle.Delete()
}
