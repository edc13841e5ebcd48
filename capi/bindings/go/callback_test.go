package safetensors_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"libsafetensors/safetensors"
)

var errMine = errors.New("mine")

// readerFunc is an io.ReaderAt that fails on request.
type readerFunc func(p []byte, offset int64) (int, error)

func (f readerFunc) ReadAt(p []byte, offset int64) (int, error) { return f(p, offset) }

// switchable reads data until failure is set.
type switchable struct {
	data    *bytes.Reader
	failure func() error
}

func (s *switchable) ReadAt(p []byte, offset int64) (int, error) {
	if s.failure != nil {
		if err := s.failure(); err != nil {
			return 0, err
		}
	}
	return s.data.ReadAt(p, offset)
}

func openSwitchable(t *testing.T) (*switchable, *safetensors.File) {
	t.Helper()
	data := sampleBytes(t)
	reader := &switchable{data: bytes.NewReader(data)}
	file, err := safetensors.OpenReaderAt(reader, int64(len(data)), nil)
	ok(t, err)
	t.Cleanup(func() { file.Close() })
	return reader, file
}

// callbackCalls are calls of the library that call a function of the caller.
func callbackCalls(t *testing.T) map[string]func(function func() error) error {
	fill := func(function func() error) []safetensors.SaveTensor {
		source := safetensors.FillFunc(func([]byte, int64) error { return function() })
		return []safetensors.SaveTensor{{Name: "x", DType: safetensors.U8, Shape: []uint64{9}, Source: source}}
	}
	progress := func(function func() error) *safetensors.SaveOptions {
		return &safetensors.SaveOptions{Progress: func(int64, int64) error { return function() }}
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	reader, file := openSwitchable(t)
	reading := func(call func() error) func(func() error) error {
		return func(function func() error) error {
			reader.failure = function
			defer func() { reader.failure = nil }()
			return call()
		}
	}
	return map[string]func(function func() error) error{
		"OpenReaderAt": func(function func() error) error {
			_, err := safetensors.OpenReaderAt(readerFunc(func([]byte, int64) (int, error) { return 0, function() }), 100, nil)
			return err
		},
		"Tensor":   reading(func() error { _, err := file.Tensor("bias"); return err }),
		"TensorAt": reading(func() error { _, err := file.TensorAt(safetensors.NameOrder, 1); return err }),
		"Read":     reading(func() error { _, err := safetensors.Read[float32](file, "bias"); return err }),
		"ReadAt":   reading(func() error { _, err := file.ReadAt(make([]byte, 4), 200); return err }),
		"ReadSlice": reading(func() error {
			_, err := safetensors.ReadSlice[float32](file, "bias", safetensors.Range{Stop: 1})
			return err
		}),
		"MetadataRange":  reading(func() error { _, _, err := file.MetadataRange("format"); return err }),
		"Save source":    func(function func() error) error { return safetensors.Save(path, fill(function), nil) },
		"Save progress":  func(function func() error) error { return safetensors.Save(path, sample(), progress(function)) },
		"Marshal source": func(function func() error) error { _, err := safetensors.Marshal(fill(function), nil); return err },
		"Encode writer": func(function func() error) error {
			_, err := safetensors.Encode(writerFunc(func([]byte) (int, error) { return 0, function() }), sample(), nil)
			return err
		},
		"SaveSet source": func(function func() error) error {
			return safetensors.SaveSet(t.TempDir(), fill(function), nil, nil)
		},
		"SaveSet progress": func(function func() error) error {
			return safetensors.SaveSet(t.TempDir(), sample(), nil, progress(function))
		},
		"SetWriter source": func(function func() error) error {
			w, err := safetensors.NewSetWriter(t.TempDir(), nil, nil)
			ok(t, err)
			defer w.Close()
			return w.Add(fill(function)[0])
		},
		"EditMetadata progress": func(function func() error) error {
			_, err := safetensors.EditMetadata(samplePath(t), safetensors.Edit{Set: map[string]string{"a": strings.Repeat("b", 9999)}}, progress(function))
			return err
		},
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestErrorsOfCallbacksAreReturned(t *testing.T) {
	for name, call := range callbackCalls(t) {
		t.Run(name, func(t *testing.T) {
			err := call(func() error { return errMine })
			fails(t, err, safetensors.ErrCancelled)
			equal(t, errors.Is(err, errMine), true)

			err = call(func() error { return fmt.Errorf("disk: %w", syscall.ENOSPC) })
			failure := fails(t, err, safetensors.ErrIO)
			equal(t, failure.OSError, syscall.ENOSPC)
			equal(t, failure.Err.Error(), "disk: "+syscall.ENOSPC.Error())
			equal(t, errors.Is(err, syscall.ENOSPC), true)

			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			equal(t, errors.Is(call(ctx.Err), context.Canceled), true)
		})
	}
}

func TestPanicsOfCallbacksContinueAfterTheCall(t *testing.T) {
	for name, call := range callbackCalls(t) {
		t.Run(name, func(t *testing.T) {
			for i := 0; i < 3; i++ {
				value := func() (value any) {
					defer func() { value = recover() }()
					call(func() error { panic(errMine) })
					return nil
				}()
				equal(t, value, errMine)
			}
		})
	}
}

func TestPanicsWithNilContinueAfterTheCall(t *testing.T) {
	for name, call := range callbackCalls(t) {
		t.Run(name, func(t *testing.T) {
			returned, continued := false, false
			func() {
				defer func() {
					recover()
					continued = true
				}()
				call(func() error { panic(nil) })
				returned = true
			}()
			equal(t, returned, false)
			equal(t, continued, true)
		})
	}
}

func TestGoexitOfCallbacksContinuesAfterTheCall(t *testing.T) {
	for name, call := range callbackCalls(t) {
		t.Run(name, func(t *testing.T) {
			done := make(chan bool)
			go func() {
				returned := false
				defer func() { done <- returned }()
				call(func() error { runtime.Goexit(); return nil })
				returned = true
			}()
			equal(t, <-done, false)
		})
	}
}

func TestFailedCallbacksLeaveNothing(t *testing.T) {
	path := samplePath(t)
	before, err := safetensors.Open(path, nil)
	ok(t, err)
	defer before.Close()
	source := safetensors.FillFunc(func([]byte, int64) error { return errMine })
	fails(t, safetensors.Save(path, []safetensors.SaveTensor{{Name: "x", DType: safetensors.U8, Shape: []uint64{9}, Source: source}}, nil), safetensors.ErrCancelled)
	equal(t, filesIn(t, filepath.Dir(path)), []string{"model.safetensors"})
	ok(t, before.VerifyUnchanged())
}

func TestReadersOfTheWrongLength(t *testing.T) {
	data := sampleBytes(t)
	file, err := safetensors.OpenReaderAt(bytes.NewReader(data[:len(data)-40]), int64(len(data)), nil)
	ok(t, err)
	defer file.Close()
	_, err = file.Tensor("weight")
	fails(t, err, safetensors.ErrCancelled)
	equal(t, errors.Is(err, io.ErrUnexpectedEOF), true)
	_, err = safetensors.OpenReaderAt(nil, 8, nil)
	fails(t, err, safetensors.ErrInvalidArgument)
	_, err = safetensors.OpenReaderAt(bytes.NewReader(data), -1, nil)
	fails(t, err, safetensors.ErrInvalidArgument)
}

func TestShortWritesFail(t *testing.T) {
	n, err := safetensors.Encode(writerFunc(func(p []byte) (int, error) { return len(p) - 1, nil }), sample(), nil)
	fails(t, err, safetensors.ErrCancelled)
	equal(t, errors.Is(err, io.ErrShortWrite), true)
	equal(t, n > 0, true)
}

func TestCallbacksMayCallTheLibrary(t *testing.T) {
	inner := openSample(t, nil)
	_, middle := openSwitchable(t)
	outer, err := safetensors.OpenReaderAt(readerFunc(func(p []byte, offset int64) (int, error) {
		if _, err := safetensors.Read[float32](inner, "bias"); err != nil {
			return 0, err
		}
		return middle.ReadAt(p, offset)
	}), middle.Size(), nil)
	ok(t, err)
	defer outer.Close()
	weight, err := safetensors.Read[float32](outer, "weight")
	ok(t, err)
	equal(t, weight[11], float32(11))
}
