package safetensors_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"libsafetensors/safetensors"
)

func TestWriterFromManyGoroutines(t *testing.T) {
	const rows, columns, goroutines = 256, 64, 8
	path := filepath.Join(t.TempDir(), "x.safetensors")
	w, err := safetensors.NewWriter(path, []safetensors.SaveTensor{{Name: "x", DType: safetensors.U32, Shape: []uint64{rows, columns}}}, nil)
	ok(t, err)
	defer w.Close()
	var group sync.WaitGroup
	for g := 0; g < goroutines; g++ {
		group.Add(1)
		go func(first int) {
			defer group.Done()
			for row := first; row < rows; row += goroutines {
				elements := make([]uint32, columns)
				for i := range elements {
					elements[i] = uint32(row*columns + i)
				}
				if err := safetensors.WriteElements(w, "x", int64(row*columns*4), elements); err != nil {
					t.Error(err)
				}
			}
		}(g)
	}
	group.Wait()
	ok(t, w.Commit())
	file, err := safetensors.Open(path, nil)
	ok(t, err)
	defer file.Close()
	elements, err := safetensors.Read[uint32](file, "x")
	ok(t, err)
	for i, element := range elements {
		if element != uint32(i) {
			t.Fatalf("element %d is %d", i, element)
		}
	}
}

func TestIncompleteWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	w, err := safetensors.NewWriter(path, sample(), nil)
	ok(t, err)
	defer w.Close()
	ok(t, w.Write("bias", 0, make([]byte, 8)))
	failure := fails(t, w.Commit(), safetensors.ErrIncomplete)
	equal(t, failure.Position > 8, true)
	fails(t, w.Write("bias", 8, make([]byte, 5)), safetensors.ErrOutOfRange)
	fails(t, w.Write("bias", -1, make([]byte, 5)), safetensors.ErrInvalidArgument)
	fails(t, w.Write("absent", 0, nil), safetensors.ErrTensorNotFound)
	fails(t, safetensors.WriteElements(w, "bias", 0, []int64{1}), safetensors.ErrDType)
	fails(t, safetensors.WriteElements(w, "absent", 0, []float32{1}), safetensors.ErrTensorNotFound)
	_, err = w.WriterAt("absent")
	fails(t, err, safetensors.ErrTensorNotFound)
	ok(t, w.Write("bias", 8, make([]byte, 4)))
	weight, err := w.WriterAt("weight")
	ok(t, err)
	n, err := weight.WriteAt(make([]byte, 48), 0)
	equal(t, n, 48)
	ok(t, err)
	n, err = weight.WriteAt(make([]byte, 1), 48)
	equal(t, n, 0)
	fails(t, err, safetensors.ErrOutOfRange)
	_, err = os.Stat(path)
	equal(t, errors.Is(err, os.ErrNotExist), true)
	ok(t, w.Commit())
	_, err = os.Stat(path)
	ok(t, err)
	if err := w.Write("bias", 0, make([]byte, 4)); err == nil {
		t.Fatal("a committed writer can write")
	}
}

func TestClosedWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	w, err := safetensors.NewWriter(path, sample(), nil)
	ok(t, err)
	weight, err := w.WriterAt("weight")
	ok(t, err)
	ok(t, w.Close())
	ok(t, w.Close())
	equal(t, errors.Is(w.Write("bias", 0, nil), safetensors.ErrClosed), true)
	_, err = weight.WriteAt(nil, 0)
	equal(t, errors.Is(err, safetensors.ErrClosed), true)
	equal(t, errors.Is(w.Commit(), safetensors.ErrClosed), true)
	equal(t, len(filesIn(t, filepath.Dir(path))), 0)
}

func TestWriterAtReceivesACopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	w, err := safetensors.NewWriter(path, sample(), sampleOptions())
	ok(t, err)
	defer w.Close()
	for _, tensor := range sourced(sample()) {
		to, err := w.WriterAt(tensor.Name)
		ok(t, err)
		from := tensor.Source.(io.Reader)
		for offset := int64(0); ; {
			piece := make([]byte, 5)
			n, err := from.Read(piece)
			if err == io.EOF {
				break
			}
			ok(t, err)
			_, err = to.WriteAt(piece[:n], offset)
			ok(t, err)
			offset += int64(n)
		}
	}
	ok(t, w.Commit())
	data, err := os.ReadFile(path)
	ok(t, err)
	equal(t, data, sampleBytes(t))
}
