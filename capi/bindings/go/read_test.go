package safetensors_test

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"libsafetensors/safetensors"
)

func TestReadTensor(t *testing.T) {
	file := openSample(t, nil)
	buffer := make([]byte, 13)
	ok(t, file.ReadTensor("bias", buffer))
	equal(t, buffer[:4], []byte{0, 0, 0, 0x3f})
	fails(t, file.ReadTensor("bias", buffer[:11]), safetensors.ErrBufferTooSmall)
	fails(t, file.ReadTensor("absent", buffer), safetensors.ErrTensorNotFound)
}

func TestReadAtIsAnIOReaderAt(t *testing.T) {
	data := sampleBytes(t)
	file := openSample(t, nil)
	ok(t, iotest.TestReader(io.NewSectionReader(file, 0, file.Size()), data))
	buffer := make([]byte, 8)
	n, err := file.ReadAt(buffer, file.Size()-4)
	equal(t, n, 4)
	equal(t, err, io.EOF)
	equal(t, buffer[:4], data[len(data)-4:])
	n, err = file.ReadAt(buffer, file.Size()+1)
	equal(t, n, 0)
	equal(t, err, io.EOF)
	_, err = file.ReadAt(buffer, -1)
	fails(t, err, safetensors.ErrInvalidArgument)
	var copied bytes.Buffer
	_, err = io.Copy(&copied, io.NewSectionReader(file, 0, file.Size()))
	ok(t, err)
	equal(t, copied.Bytes(), data)
}

func TestPrefetch(t *testing.T) {
	file := openSample(t, nil)
	ok(t, file.Prefetch())
	ok(t, file.PrefetchTensor("weight"))
	ok(t, file.PrefetchRange(8, file.Size()-8))
	fails(t, file.PrefetchTensor("absent"), safetensors.ErrTensorNotFound)
	fails(t, file.PrefetchRange(8, file.Size()), safetensors.ErrOutOfRange)
	fails(t, file.PrefetchRange(-1, 1), safetensors.ErrInvalidArgument)
	file.Close()
	equal(t, file.Prefetch(), safetensors.ErrClosed)
}

func TestReadSlice(t *testing.T) {
	file := openSample(t, nil)
	rows, columns := safetensors.Range{Start: 0, Stop: 2}, safetensors.Range{Start: 1, Stop: 3}
	elements, err := safetensors.ReadSlice[float32](file, "weight", rows, columns)
	ok(t, err)
	equal(t, elements, []float32{1, 2, 5, 6})
	n, err := file.SliceSize("weight", []safetensors.Range{rows, columns})
	ok(t, err)
	equal(t, n, int64(16))
	_, err = file.ReadSlice("weight", []safetensors.Range{rows, columns}, make([]byte, 15))
	fails(t, err, safetensors.ErrBufferTooSmall)
	_, err = file.ReadSlice("weight", []safetensors.Range{rows, columns}, nil)
	fails(t, err, safetensors.ErrBufferTooSmall)
	n, err = file.ReadSlice("weight", []safetensors.Range{{}, columns}, nil)
	ok(t, err)
	equal(t, n, int64(0))
	_, err = safetensors.ReadSlice[float32](file, "weight", rows)
	fails(t, err, safetensors.ErrInvalidArgument)
	_, err = safetensors.ReadSlice[float32](file, "weight", rows, safetensors.Range{Start: 1, Stop: 5})
	fails(t, err, safetensors.ErrOutOfRange)
	_, err = safetensors.ReadSlice[int32](file, "weight", rows, columns)
	fails(t, err, safetensors.ErrDType)
}

func TestReadOfScalarsAndEmptyTensors(t *testing.T) {
	data, err := safetensors.Marshal([]safetensors.SaveTensor{
		safetensors.Of("scalar", nil, []int64{-5}),
		safetensors.Of("empty", []uint64{0, 7}, []int16{}),
	}, nil)
	ok(t, err)
	file, err := safetensors.OpenBytes(data, nil)
	ok(t, err)
	defer file.Close()
	scalar, err := safetensors.Read[int64](file, "scalar")
	ok(t, err)
	equal(t, scalar, []int64{-5})
	slice, err := safetensors.ReadSlice[int64](file, "scalar")
	ok(t, err)
	equal(t, slice, []int64{-5})
	empty, err := safetensors.Read[int16](file, "empty")
	ok(t, err)
	equal(t, empty, []int16{})
	tensor, err := file.Tensor("empty")
	ok(t, err)
	defer tensor.Close()
	view, err := safetensors.As[int16](tensor)
	ok(t, err)
	equal(t, view, []int16{})
}
