package safetensors_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"libsafetensors/safetensors"
)

func TestEverySourceGivesTheSameTensors(t *testing.T) {
	path, data := samplePath(t), sampleBytes(t)
	osFile, err := os.Open(path)
	ok(t, err)
	defer osFile.Close()
	memory := mappedSample(t)
	sources := map[string]func(*safetensors.OpenOptions) (*safetensors.File, error){
		"path":    func(o *safetensors.OpenOptions) (*safetensors.File, error) { return safetensors.Open(path, o) },
		"os.File": func(o *safetensors.OpenOptions) (*safetensors.File, error) { return safetensors.OpenFile(osFile, o) },
		"bytes":   func(o *safetensors.OpenOptions) (*safetensors.File, error) { return safetensors.OpenBytes(data, o) },
		"set":     func(o *safetensors.OpenOptions) (*safetensors.File, error) { return safetensors.OpenSet(path, o) },
		"ReaderAt": func(o *safetensors.OpenOptions) (*safetensors.File, error) {
			return safetensors.OpenReaderAt(bytes.NewReader(data), int64(len(data)), o)
		},
		"memory": func(o *safetensors.OpenOptions) (*safetensors.File, error) {
			return safetensors.OpenMemory(memory.pointer, memory.size, nil, o)
		},
	}
	for name, open := range sources {
		for _, options := range []*safetensors.OpenOptions{nil, {Backend: safetensors.BackendPread, Strictness: safetensors.Strict, MaxHeaderSize: 1000}} {
			t.Run(name, func(t *testing.T) {
				file, err := open(options)
				ok(t, err)
				defer file.Close()
				equal(t, file.Size(), int64(len(data)))
				equal(t, file.Names(), []string{"bias", "weight"})
				tensor, err := file.Tensor("bias")
				ok(t, err)
				defer tensor.Close()
				file.Close()
				elements, err := safetensors.As[float32](tensor)
				ok(t, err)
				equal(t, elements, []float32{0.5, 1.5, 2.5})
			})
		}
	}
}

func TestOpenBytesCopies(t *testing.T) {
	data := sampleBytes(t)
	file, err := safetensors.OpenBytes(data, nil)
	ok(t, err)
	defer file.Close()
	for i := range data {
		data[i] = 0xff
	}
	bias, err := safetensors.Read[float32](file, "bias")
	ok(t, err)
	equal(t, bias, []float32{0.5, 1.5, 2.5})
}

// mapping is memory that is not Go's.
type mapping struct {
	pointer unsafe.Pointer
	size    uint64
}

func mappedSample(t *testing.T) mapping {
	t.Helper()
	data := sampleBytes(t)
	memory, err := syscall.Mmap(-1, 0, len(data), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	ok(t, err)
	t.Cleanup(func() { syscall.Munmap(memory) })
	copy(memory, data)
	return mapping{unsafe.Pointer(&memory[0]), uint64(len(memory))}
}

func TestOpenMemoryReleasesOnceAfterTheLastTensor(t *testing.T) {
	memory := mappedSample(t)
	var released atomic.Int32
	done := make(chan struct{})
	file, err := safetensors.OpenMemory(memory.pointer, memory.size, func() {
		released.Add(1)
		close(done)
	}, nil)
	ok(t, err)
	tensor, err := file.Tensor("weight")
	ok(t, err)
	file.Close()
	equal(t, len(tensor.Bytes()), 48)
	equal(t, released.Load(), int32(0))
	tensor.Close()
	<-done

	_, err = safetensors.OpenMemory(nil, 0, func() { released.Add(1) }, nil)
	fails(t, err, safetensors.ErrHeaderTooSmall)
	equal(t, released.Load(), int32(1))
}

func TestOptionsReachTheLibrary(t *testing.T) {
	path := samplePath(t)
	for name, options := range map[string]*safetensors.OpenOptions{
		"backend":    {Backend: 99},
		"strictness": {Strictness: 99},
		"access":     {Access: 99},
		"unaligned":  {Unaligned: 99},
		"set policy": {SetPolicy: 99},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := safetensors.OpenSet(path, options)
			fails(t, err, safetensors.ErrInvalidArgument)
		})
	}
	_, err := safetensors.Open(path, &safetensors.OpenOptions{MaxHeaderSize: 8})
	fails(t, err, safetensors.ErrHeaderTooLarge)
	padded := fileOf("{}\n", "")
	_, err = safetensors.OpenBytes(padded, &safetensors.OpenOptions{Strictness: safetensors.Strict})
	fails(t, err, safetensors.ErrSchema)
	equal(t, openSample(t, &safetensors.OpenOptions{Backend: safetensors.BackendMmap}).Mapped(), true)
	equal(t, openSample(t, &safetensors.OpenOptions{Backend: safetensors.BackendPread}).Mapped(), false)
}

func TestPathsWithNULFail(t *testing.T) {
	path := samplePath(t) + "\x00.txt"
	_, err := safetensors.Open(path, nil)
	fails(t, err, safetensors.ErrInvalidArgument)
	fails(t, safetensors.Save(path, nil, nil), safetensors.ErrInvalidArgument)
	fails(t, safetensors.SaveSet(path, nil, nil, nil), safetensors.ErrInvalidArgument)
	equal(t, len(filesIn(t, filepath.Dir(path))), 1)
}

func TestOpenFileOfAClosedFileFails(t *testing.T) {
	osFile, err := os.Open(samplePath(t))
	ok(t, err)
	osFile.Close()
	if _, err := safetensors.OpenFile(osFile, nil); err == nil {
		t.Fatal("no error")
	}
}
