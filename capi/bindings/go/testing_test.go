package safetensors_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"libsafetensors/safetensors"
)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %#v, want %#v", got, want)
	}
}

// fails checks that err has a code and a message of the library.
func fails(t *testing.T, err error, code safetensors.Code) *safetensors.Error {
	t.Helper()
	var failure *safetensors.Error
	if !errors.Is(err, code) || !errors.As(err, &failure) || failure.Message == "" {
		t.Fatalf("got %v, want an error with %v", err, code)
	}
	return failure
}

// sample is two tensors: "bias" F32 [3] and "weight" F32 [3, 4].
func sample() []safetensors.SaveTensor {
	return []safetensors.SaveTensor{
		safetensors.Of("bias", []uint64{3}, []float32{0.5, 1.5, 2.5}),
		safetensors.Of("weight", []uint64{3, 4}, []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}),
	}
}

func sampleOptions() *safetensors.SaveOptions {
	return &safetensors.SaveOptions{Metadata: map[string]string{"format": "pt"}}
}

func samplePath(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.safetensors")
	ok(t, safetensors.Save(path, sample(), sampleOptions()))
	return path
}

func sampleBytes(t *testing.T) []byte {
	t.Helper()
	data, err := safetensors.Marshal(sample(), sampleOptions())
	ok(t, err)
	return data
}

func openSample(t *testing.T, options *safetensors.OpenOptions) *safetensors.File {
	t.Helper()
	file, err := safetensors.Open(samplePath(t), options)
	ok(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

// fileOf returns a file with this header and data.
func fileOf(header, data string) []byte {
	n := len(header)
	length := []byte{byte(n), byte(n >> 8), 0, 0, 0, 0, 0, 0}
	return append(length, header+data...)
}

// unaligned is a file whose "x" I32 [1] = 0x04030201 begins at an odd offset.
func unaligned() []byte {
	header := `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"I32","shape":[1],"data_offsets":[1,5]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	return fileOf(header, "\x09\x01\x02\x03\x04")
}

func filesIn(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	ok(t, err)
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
