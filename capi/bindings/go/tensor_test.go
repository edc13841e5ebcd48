package safetensors_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"libsafetensors/safetensors"
)

func TestTensorsOutliveFiles(t *testing.T) {
	for _, backend := range []safetensors.Backend{safetensors.BackendMmap, safetensors.BackendPread} {
		file := openSample(t, &safetensors.OpenOptions{Backend: backend})
		tensor, err := file.TensorAt(safetensors.NameOrder, 1)
		ok(t, err)
		ok(t, file.Close())
		file = nil
		runtime.GC()
		runtime.GC()
		equal(t, tensor.Name, "weight")
		elements, err := safetensors.As[float32](tensor)
		ok(t, err)
		equal(t, elements[6], float32(6))
		ok(t, tensor.Close())
	}
}

func TestUseAfterClose(t *testing.T) {
	file := openSample(t, nil)
	tensor, err := file.Tensor("bias")
	ok(t, err)
	for i := 0; i < 2; i++ {
		ok(t, tensor.Close())
		ok(t, file.Close())
	}
	equal(t, tensor.Bytes() == nil, true)
	equal(t, tensor.MutableBytes() == nil, true)
	equal(t, file.Len(), 0)
	equal(t, file.Has("bias"), false)
	equal(t, file.Size(), int64(0))
	equal(t, len(file.Names()), 0)
	equal(t, len(file.Metadata()), 0)
	calls := map[string]func() error{
		"Tensor":   func() error { _, err := file.Tensor("bias"); return err },
		"TensorAt": func() error { _, err := file.TensorAt(safetensors.NameOrder, 0); return err },
		"Info":     func() error { _, err := file.Info("bias"); return err },
		"InfoAt":   func() error { _, err := file.InfoAt(safetensors.NameOrder, 0); return err },
		"Infos":    func() error { _, err := file.Infos(safetensors.NameOrder); return err },
		"Read":     func() error { _, err := safetensors.Read[float32](file, "bias"); return err },
		"ReadAt":   func() error { _, err := file.ReadAt(make([]byte, 1), 0); return err },
		"Slice":    func() error { _, err := file.SliceSize("bias", nil); return err },
		"Shards":   func() error { _, err := file.Shards(); return err },
		"Location": func() error { _, err := file.Location("bias"); return err },
		"As":       func() error { _, err := safetensors.As[float32](tensor); return err },
		"Copy":     func() error { _, err := safetensors.Copy[float32](tensor); return err },
		"View":     func() error { return safetensors.View(tensor, func([]float32) error { return nil }) },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, safetensors.ErrClosed) || !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s: got %v, want ErrClosed", name, err)
		}
	}
	var none *safetensors.File
	equal(t, none.Len(), 0)
	ok(t, none.Close())
}

func TestTypedViews(t *testing.T) {
	type half uint16
	data, err := safetensors.Marshal([]safetensors.SaveTensor{
		{Name: "bf16", DType: safetensors.BF16, Shape: []uint64{2}, Data: []byte{0x80, 0x3f, 0, 0x40}},
		{Name: "bool", DType: safetensors.Bool, Shape: []uint64{2}, Data: []byte{1, 0}},
		safetensors.Of("c64", []uint64{1}, []complex64{complex(1, -2)}),
	}, nil)
	ok(t, err)
	file, err := safetensors.OpenBytes(data, nil)
	ok(t, err)
	defer file.Close()
	bits, err := safetensors.Read[half](file, "bf16")
	ok(t, err)
	equal(t, bits, []half{0x3f80, 0x4000})
	flags, err := safetensors.Read[uint8](file, "bool")
	ok(t, err)
	equal(t, flags, []uint8{1, 0})
	tensor, err := file.Tensor("c64")
	ok(t, err)
	defer tensor.Close()
	complexes, err := safetensors.Copy[complex64](tensor)
	ok(t, err)
	equal(t, complexes, []complex64{complex(1, -2)})
	_, err = safetensors.As[float64](tensor)
	failure := fails(t, err, safetensors.ErrDType)
	equal(t, failure.Message, `tensor "c64" is C64, which float64 cannot represent`)
	_, err = safetensors.Copy[uint64](tensor)
	fails(t, err, safetensors.ErrDType)
	fails(t, safetensors.View(tensor, func([]int64) error { return nil }), safetensors.ErrDType)
}

func TestUnalignedTensors(t *testing.T) {
	for _, choice := range []safetensors.Unaligned{safetensors.UnalignedCopy, safetensors.UnalignedAllow} {
		file, err := safetensors.OpenBytes(unaligned(), &safetensors.OpenOptions{Unaligned: choice})
		ok(t, err)
		defer file.Close()
		tensor, err := file.Tensor("x")
		ok(t, err)
		defer tensor.Close()
		copied, err := safetensors.Copy[int32](tensor)
		ok(t, err)
		equal(t, copied, []int32{0x04030201})
		elements, err := safetensors.As[int32](tensor)
		if choice == safetensors.UnalignedCopy {
			ok(t, err)
			equal(t, elements, copied)
		} else {
			fails(t, err, safetensors.ErrInvalidArgument)
		}
	}
}

func TestWritableTensors(t *testing.T) {
	path := samplePath(t)
	file, err := safetensors.Open(path, &safetensors.OpenOptions{Access: safetensors.Writable})
	ok(t, err)
	defer file.Close()
	tensor, err := file.Tensor("bias")
	ok(t, err)
	defer tensor.Close()
	elements, err := safetensors.As[float32](tensor)
	ok(t, err)
	elements[0] = 9
	tensor.MutableBytes()[7] = 0
	read, err := safetensors.Read[float32](file, "bias")
	ok(t, err)
	equal(t, read, []float32{0.5, 1.5, 2.5})
	equal(t, elements[0], float32(9))
	readOnly, err := openSample(t, nil).Tensor("bias")
	ok(t, err)
	defer readOnly.Close()
	equal(t, readOnly.MutableBytes() == nil, true)
}

// truncatedTensor maps a file with "x" U8 [1 MiB] and truncates it to its first page.
func truncatedTensor(t *testing.T) *safetensors.Tensor {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.safetensors")
	ok(t, safetensors.Save(path, []safetensors.SaveTensor{safetensors.Of("x", []uint64{1 << 20}, make([]uint8, 1<<20))}, nil))
	file, err := safetensors.Open(path, &safetensors.OpenOptions{Backend: safetensors.BackendMmap})
	ok(t, err)
	defer file.Close()
	tensor, err := file.Tensor("x")
	ok(t, err)
	t.Cleanup(func() { tensor.Close() })
	ok(t, os.Truncate(path, 4096))
	return tensor
}

func TestGuardReportsTruncation(t *testing.T) {
	tensor := truncatedTensor(t)
	sum := 0
	err := tensor.Guard(func(data []byte) error {
		for _, b := range data {
			sum += int(b)
		}
		return nil
	})
	fails(t, err, safetensors.ErrTruncated)
	_, err = safetensors.Copy[uint8](tensor)
	fails(t, err, safetensors.ErrTruncated)
	err = safetensors.Save(filepath.Join(t.TempDir(), "copy"), []safetensors.SaveTensor{tensor.SaveTensor()}, nil)
	fails(t, err, safetensors.ErrIO)
	_, err = safetensors.Marshal([]safetensors.SaveTensor{tensor.SaveTensor()}, nil)
	fails(t, err, safetensors.ErrIO)
}

func TestGuardPassesOnOtherPanicsAndErrors(t *testing.T) {
	tensor, err := openSample(t, nil).Tensor("bias")
	ok(t, err)
	defer tensor.Close()
	failure := errors.New("failure")
	equal(t, tensor.Guard(func([]byte) error { return failure }), failure)
	panics := func(function func(data []byte)) (value any) {
		defer func() { value = recover() }()
		tensor.Guard(func(data []byte) error { function(data); return nil })
		return nil
	}
	equal(t, panics(func([]byte) { panic("mine") }), "mine")
	write, isError := panics(func(data []byte) { data[0] = 1 }).(runtime.Error)
	equal(t, isError, true) // of a write to read-only memory
	equal(t, strings.Contains(write.Error(), "address"), true)
}

func TestCloseTakesEffectAfterGuard(t *testing.T) {
	memory, released := mappedSample(t), make(chan struct{})
	file, err := safetensors.OpenMemory(memory.pointer, memory.size, func() { close(released) }, nil)
	ok(t, err)
	tensor, err := file.Tensor("bias")
	ok(t, err)
	ok(t, file.Close())
	ok(t, tensor.Guard(func(data []byte) error {
		ok(t, tensor.Close())
		for i := 0; i < 100; i++ {
			runtime.Gosched()
		}
		select {
		case <-released:
			t.Error("the memory was released while it was used")
		default:
		}
		return nil
	}))
	equal(t, tensor.Bytes() == nil, true)
	<-released
}
