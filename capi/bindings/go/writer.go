package safetensors

// #include "bridge.h"
import "C"

import (
	"io"
	"runtime"
	"sync"
)

// Writer writes a file whose tensors are declared first and whose bytes follow in any order, from any
// number of goroutines. The file at the path is unchanged before Commit.
type Writer struct {
	mutex   sync.RWMutex // held for reading by writes, and for writing by Commit and Close
	handle  *C.st_writer // nil after Close
	tensors map[string]declaredTensor
}

// declaredTensor is a tensor of a Writer: its index, name and dtype.
type declaredTensor struct {
	index int
	info  TensorInfo
}

// NewWriter creates the writer of a file. The tensors have a name, dtype and shape; their bytes are
// ignored. The library allocates the space of the file. Close the writer, also after an error. Errors:
// as Save.
func NewWriter(path string, tensors []SaveTensor, options *SaveOptions) (*Writer, error) {
	var a arena
	defer a.free()
	cpath, err := a.path(path)
	if err != nil {
		return nil, err
	}
	declared, err := a.tensors(tensors, 0)
	if err != nil {
		return nil, err
	}
	w := &Writer{tensors: make(map[string]declaredTensor, len(tensors))}
	e := newCError()
	if err := check(C.st_writer_open(cpath, declared, C.uint64_t(len(tensors)), options.c(&a, 0), &w.handle, e), e); err != nil {
		return nil, err
	}
	for i := range tensors {
		w.tensors[tensors[i].Name] = declaredTensor{i, TensorInfo{Name: tensors[i].Name, DType: tensors[i].DType}}
	}
	runtime.SetFinalizer(w, (*Writer).Close)
	return w, nil
}

// Write writes data at an offset of the tensor with this name. Bytes may be written again: the last
// write counts. Errors: ErrTensorNotFound, ErrOutOfRange; ErrIO, after which the bytes count as missing.
func (w *Writer) Write(name string, offset int64, data []byte) error {
	tensor, err := w.find(name)
	if err != nil {
		return err
	}
	return w.write(tensor.index, offset, data)
}

func (w *Writer) find(name string) (declaredTensor, error) {
	tensor, ok := w.tensors[name]
	if !ok {
		return tensor, &Error{Code: ErrTensorNotFound, Message: "no tensor " + quote(name) + " was declared", Position: -1}
	}
	return tensor, nil
}

// write writes to the tensor at an index of the declared tensors.
func (w *Writer) write(index int, offset int64, data []byte) error {
	if offset < 0 {
		return invalidArgument("negative offset %d", offset)
	}
	w.mutex.RLock()
	defer w.mutex.RUnlock()
	if w.handle == nil {
		return ErrClosed
	}
	e := newCError()
	return check(C.stgo_writer_write(w.handle, C.uint64_t(index), C.uint64_t(offset), bytesData(data), C.uint64_t(len(data)), e), e)
}

// WriterAt returns the tensor with this name as an io.WriterAt. It fails with ErrTensorNotFound.
func (w *Writer) WriterAt(name string) (io.WriterAt, error) {
	if err := w.Write(name, 0, nil); err != nil {
		return nil, err
	}
	return writerAt{w, w.tensors[name].index}, nil
}

type writerAt struct {
	writer *Writer
	index  int
}

func (t writerAt) WriteAt(p []byte, offset int64) (int, error) {
	if err := t.writer.write(t.index, offset, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteElements writes elements at an offset, in bytes, of the tensor with this name, as Writer.Write
// does. It fails with ErrDType if T cannot represent the tensor's dtype.
func WriteElements[T Element](w *Writer, name string, offset int64, elements []T) error {
	tensor, err := w.find(name)
	if err != nil {
		return err
	}
	if err := checkElement[T](&tensor.info); err != nil {
		return err
	}
	return w.write(tensor.index, offset, bytesOf(elements))
}

// Commit replaces the file at the path, as Save does, after the writes that run. It fails with
// ErrIncomplete while bytes are missing, names the tensors, and sets Error.Position to the first missing
// byte of the first one: the writer can go on. After success or another error the writer can only be
// closed.
func (w *Writer) Commit() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.handle == nil {
		return ErrClosed
	}
	e := newCError()
	return check(C.st_writer_commit(w.handle, e), e)
}

// Close frees the writer; without a Commit, it removes what was written. It may be called again, and
// returns nil.
func (w *Writer) Close() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.handle != nil {
		runtime.SetFinalizer(w, nil)
		C.st_writer_free(w.handle)
		w.handle = nil
	}
	return nil
}

// progressPiece is the number of bytes between two calls of SaveOptions.Progress, and of a Source's
// buffer.
const progressPiece = 4 << 20

// Save writes a file atomically: a reader that opens the path gets the complete old or the complete new
// file, and a failure leaves the old file unchanged. The tensors may be mapped from the file that is
// replaced. Their order does not matter: the file contains them in the reference implementation's order.
//
// Errors before the first byte is written: ErrDuplicate, ErrInvalidArgument, ErrUTF8, ErrDType,
// ErrOverflow, ErrSubByte, ErrSizeMismatch, ErrHeaderTooLarge, ErrNotRegular, ErrNotFound,
// ErrPermission. Later: ErrIO, ErrCancelled.
func Save(path string, tensors []SaveTensor, options *SaveOptions) error {
	release, err := hold(tensors)
	if err != nil {
		return err
	}
	defer release()
	size, err := SaveSize(tensors, options)
	if err != nil {
		return err
	}
	w, err := NewWriter(path, tensors, options)
	if err != nil {
		return err
	}
	defer w.Close()
	s := saver{writer: w, done: size, total: size, progress: options.progress()}
	for i := range tensors {
		s.done -= int64(tensors[i].size())
	}
	for i := range tensors {
		if err := s.save(i, &tensors[i]); err != nil {
			return err
		}
	}
	return w.Commit()
}

// saver writes the tensors of Save in pieces, from the goroutine that called it, so that C keeps no
// pointer to memory of Go and Source and Progress are not called by C.
type saver struct {
	writer      *Writer
	buffer      []byte
	done, total int64
	progress    func(done, total int64) error
}

func (s *saver) save(index int, t *SaveTensor) error {
	for offset, size := int64(0), int64(t.size()); offset < size; {
		piece := size - offset
		if (t.Source != nil || s.progress != nil) && piece > progressPiece {
			piece = progressPiece
		}
		data, err := s.piece(t, offset, piece)
		if err != nil {
			return err
		}
		if err := s.writer.write(index, offset, data); err != nil {
			return err
		}
		offset += piece
		s.done += piece
		if s.progress != nil {
			if err := s.progress(s.done, s.total); err != nil {
				return callbackError("the progress function failed", err)
			}
		}
	}
	return nil
}

func (s *saver) piece(t *SaveTensor, offset, n int64) ([]byte, error) {
	if t.Source == nil {
		return t.Data[offset : offset+n], nil
	}
	if s.buffer == nil {
		s.buffer = make([]byte, progressPiece)
	}
	if err := readFull(t.Source, s.buffer[:n], offset); err != nil {
		return nil, callbackError("tensor "+quote(t.Name)+": the source failed", err)
	}
	return s.buffer[:n], nil
}

// callbackError is the error that the library reports if a callback fails.
func callbackError(message string, err error) error {
	result := &Error{Code: ErrCancelled, Message: message, Position: -1, Err: err}
	if errno := errnoOf(err); errno != 0 {
		result.Code, result.OSError = ErrIO, errno
	}
	return result
}
