package safetensors_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"libsafetensors/safetensors"
)

// concurrently calls function on 8 goroutines, 200 times on each.
func concurrently(t *testing.T, function func() error) {
	t.Helper()
	var group sync.WaitGroup
	for g := 0; g < 8; g++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < 200; i++ {
				if err := function(); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	group.Wait()
}

// use reads a file in several ways.
func use(file *safetensors.File) error {
	tensor, err := file.Tensor("weight")
	if err != nil {
		return err
	}
	defer tensor.Close()
	return safetensors.View(tensor, func(elements []float32) error {
		if elements[11] != 11 {
			return fmt.Errorf("the last element is %g", elements[11])
		}
		bias, err := safetensors.Read[float32](file, "bias")
		if err == nil && bias[2] != 2.5 {
			err = fmt.Errorf("the last bias is %g", bias[2])
		}
		return err
	})
}

func TestFilesAreUsedByManyGoroutines(t *testing.T) {
	for _, backend := range []safetensors.Backend{safetensors.BackendMmap, safetensors.BackendPread} {
		file := openSample(t, &safetensors.OpenOptions{Backend: backend})
		concurrently(t, func() error { return use(file) })
	}
	data := sampleBytes(t)
	file, err := safetensors.OpenReaderAt(bytes.NewReader(data), int64(len(data)), nil)
	ok(t, err)
	defer file.Close()
	concurrently(t, func() error { return use(file) })
}

func TestErrorsOfReadersReachTheCallThatRead(t *testing.T) {
	data := sampleBytes(t)
	file, err := safetensors.OpenReaderAt(bytes.NewReader(data), int64(len(data)), nil)
	ok(t, err)
	file.Close()
	file, err = safetensors.OpenReaderAt(readerFunc(func(p []byte, offset int64) (int, error) {
		if n, err := bytes.NewReader(data).ReadAt(p, offset); len(p) != 1 {
			return n, err
		}
		return 0, fmt.Errorf("offset %d", offset)
	}), int64(len(data)), nil)
	ok(t, err)
	defer file.Close()
	var group sync.WaitGroup
	for g := 0; g < 8; g++ {
		group.Add(1)
		go func(offset int64) {
			defer group.Done()
			for i := 0; i < 200; i++ {
				_, err := file.ReadAt(make([]byte, 1), offset)
				var failure *safetensors.Error
				if !errors.As(err, &failure) || failure.Err.Error() != fmt.Sprintf("offset %d", offset) {
					t.Errorf("at %d: %v", offset, err)
				}
			}
		}(int64(100 + g))
	}
	group.Wait()
}

func TestCloseWhileOthersRead(t *testing.T) {
	for i := 0; i < 50; i++ {
		file, err := safetensors.OpenBytes(sampleBytes(t), nil)
		ok(t, err)
		tensor, err := file.Tensor("bias")
		ok(t, err)
		var group sync.WaitGroup
		for g := 0; g < 4; g++ {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					err := use(file)
					if err == nil {
						_, err = safetensors.Copy[float32](tensor)
					}
					if errors.Is(err, safetensors.ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			}()
		}
		go tensor.Close()
		file.Close()
		group.Wait()
	}
}

func TestTheGarbageCollectorReleases(t *testing.T) {
	released := make(chan struct{}, 1)
	memory := mappedSample(t)
	func() {
		file, err := safetensors.OpenMemory(memory.pointer, memory.size, func() { released <- struct{}{} }, nil)
		ok(t, err)
		if _, err := file.Tensor("weight"); err != nil {
			t.Fatal(err)
		}
	}()
	for i := 0; i < 1000; i++ {
		runtime.GC()
		runtime.Gosched()
		select {
		case <-released:
			return
		default:
		}
	}
	t.Fatal("the memory was not released")
}
