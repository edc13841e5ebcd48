package safetensors

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"syscall"
)

// Code tells what failed. Every Code is an error, for errors.Is:
//
//	if errors.Is(err, safetensors.ErrTensorNotFound) { … }
//
// Releases of the library may add codes.
type Code int32

// The codes of the library.
const (
	ErrInvalidArgument  Code = C.ST_E_INVALID_ARGUMENT   // the call is invalid
	ErrNoMemory         Code = C.ST_E_NO_MEMORY          // memory, or address space for a mapping, is exhausted
	ErrInternal         Code = C.ST_E_INTERNAL           // a defect of the library
	ErrUnsupported      Code = C.ST_E_UNSUPPORTED        // valid, but not supported by this build or system
	ErrCancelled        Code = C.ST_E_CANCELLED          // a function of the caller failed
	ErrIO               Code = C.ST_E_IO                 // a system call, or a function of the caller, failed with an errno
	ErrNotFound         Code = C.ST_E_NOT_FOUND          // no such file or directory
	ErrPermission       Code = C.ST_E_PERMISSION         // no permission to open, create or replace the file
	ErrNotRegular       Code = C.ST_E_NOT_REGULAR        // a directory, FIFO, socket or device
	ErrTruncated        Code = C.ST_E_TRUNCATED          // the file is shorter than when it was opened
	ErrChanged          Code = C.ST_E_CHANGED            // the file was modified after it was opened
	ErrHeaderTooSmall   Code = C.ST_E_HEADER_TOO_SMALL   // fewer bytes than the 8 of the header length
	ErrHeaderTooLarge   Code = C.ST_E_HEADER_TOO_LARGE   // the header length exceeds the limit
	ErrHeaderLength     Code = C.ST_E_HEADER_LENGTH      // the header length exceeds the file
	ErrUTF8             Code = C.ST_E_UTF8               // invalid UTF-8
	ErrJSON             Code = C.ST_E_JSON               // the header is not valid JSON
	ErrSchema           Code = C.ST_E_SCHEMA             // valid JSON, but not a safetensors header
	ErrDuplicate        Code = C.ST_E_DUPLICATE          // duplicate tensor name or metadata key
	ErrDType            Code = C.ST_E_DTYPE              // unknown dtype
	ErrOverflow         Code = C.ST_E_OVERFLOW           // element count or byte size exceeds 64 bits
	ErrSubByte          Code = C.ST_E_SUBBYTE            // a tensor or slice is not a whole number of bytes
	ErrSizeMismatch     Code = C.ST_E_SIZE_MISMATCH      // dtype and shape do not match the number of bytes
	ErrOffset           Code = C.ST_E_OFFSET             // data offsets with a gap, an overlap or a negative length
	ErrCoverage         Code = C.ST_E_COVERAGE           // the tensors end before or after the end of the file
	ErrTensorNotFound   Code = C.ST_E_TENSOR_NOT_FOUND   // no tensor has this name
	ErrOutOfRange       Code = C.ST_E_OUT_OF_RANGE       // an index or slice bound exceeds the end
	ErrBufferTooSmall   Code = C.ST_E_BUFFER_TOO_SMALL   // the buffer is smaller than the data
	ErrMetadataNotFound Code = C.ST_E_METADATA_NOT_FOUND // no metadata entry has this key
	ErrSetIndex         Code = C.ST_E_SET_INDEX          // the file is not a valid index of a set
	ErrSetPath          Code = C.ST_E_SET_PATH           // a shard's path in the index could leave the directory
	ErrSetShardMissing  Code = C.ST_E_SET_SHARD_MISSING  // a shard of the index does not exist
	ErrSetTensorMissing Code = C.ST_E_SET_TENSOR_MISSING // a shard lacks a tensor that the index assigns to it
	ErrSetAmbiguous     Code = C.ST_E_SET_AMBIGUOUS      // the directory contains more than one set
	ErrIncomplete       Code = C.ST_E_INCOMPLETE         // bytes of a writer's tensors, or of a tensor's parts, are missing
)

// ErrClosed is the error of a handle that was closed. It matches fs.ErrClosed.
var ErrClosed = fmt.Errorf("safetensors: %w", fs.ErrClosed)

// String returns the name of the code in the C interface, such as "ST_E_JSON".
func (c Code) String() string {
	return C.GoString(C.st_status_name(C.st_status(c)))
}

// Error returns the name and the number of the code.
func (c Code) Error() string {
	return "safetensors: " + c.String() + " (" + strconv.Itoa(int(c)) + ")"
}

// Is reports that ErrNotFound is an fs.ErrNotExist, and ErrPermission an fs.ErrPermission.
func (c Code) Is(target error) bool {
	switch c {
	case ErrNotFound, ErrSetShardMissing:
		return target == fs.ErrNotExist
	case ErrPermission:
		return target == fs.ErrPermission
	}
	return false
}

// Error is the error of every failed call. errors.Is matches its Code, its OSError and, through
// Err, what a function of the caller returned; fs.ErrNotExist and fs.ErrPermission match too.
type Error struct {
	Code     Code          // what failed
	Message  string        // one line: what was found, what was expected, where
	Position int64         // byte offset of the error in the file, or -1
	OSError  syscall.Errno // of the failed system call or function of the caller, or 0
	Err      error         // what an io.ReaderAt, an io.Writer or a progress function returned, or nil
}

// Error returns the message.
func (e *Error) Error() string {
	text := "safetensors: " + e.Message
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is matches the Code, and what the Code matches.
func (e *Error) Is(target error) bool {
	return target == error(e.Code) || e.Code.Is(target)
}

// As sets a *Code.
func (e *Error) As(target any) bool {
	code, ok := target.(*Code)
	if ok {
		*code = e.Code
	}
	return ok
}

// Unwrap returns Err or, without it, a nonzero OSError.
func (e *Error) Unwrap() error {
	if e.Err != nil {
		return e.Err
	}
	if e.OSError != 0 {
		return e.OSError
	}
	return nil
}

func invalidArgument(format string, args ...any) error {
	return &Error{Code: ErrInvalidArgument, Message: fmt.Sprintf(format, args...), Position: -1}
}

// newCError returns a struct for C to describe a failure in. It is memory without pointers, which C
// uses during one call.
func newCError() *C.st_error {
	return &C.st_error{size: C.sizeof_st_error}
}

// check converts the result of a call.
func check(status C.st_status, e *C.st_error) error {
	if status == C.ST_OK {
		return nil
	}
	err := &Error{
		Code:     Code(status),
		Message:  C.GoString(&e.message[0]),
		Position: -1,
		OSError:  syscall.Errno(e.os_error),
	}
	if e.position != C.ST_NO_POSITION {
		err.Position = int64(e.position)
	}
	if err.Message == "" {
		err.Message = err.Code.String()
	}
	return err
}

// errnoOf returns the errno that err wraps, or 0.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if errors.As(err, &errno) && int32(errno) > 0 {
		return errno
	}
	return 0
}
