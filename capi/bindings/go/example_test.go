package safetensors_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"libsafetensors/safetensors"
)

// exampleModel saves the model of the examples and returns its path and a function that removes it.
func exampleModel() (path string, remove func()) {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	path = filepath.Join(directory, "model.safetensors")
	err = safetensors.Save(path, []safetensors.SaveTensor{
		safetensors.Of("bias", []uint64{3}, []float32{0.5, 1.5, 2.5}),
		safetensors.Of("weight", []uint64{2, 3}, []float32{0, 1, 2, 3, 4, 5}),
	}, &safetensors.SaveOptions{Metadata: map[string]string{"format": "pt"}})
	if err != nil {
		log.Fatal(err)
	}
	return path, func() { os.RemoveAll(directory) }
}

func Example() {
	path, remove := exampleModel()
	defer remove()

	file, err := safetensors.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	for _, name := range file.Names() {
		info, _ := file.Lookup(name)
		fmt.Println(name, info.DType, info.Shape)
	}
	bias, err := safetensors.Read[float32](file, "bias")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bias)
	// Output:
	// bias F32 [3]
	// weight F32 [2 3]
	// [0.5 1.5 2.5]
}

func ExampleAs() {
	path, remove := exampleModel()
	defer remove()
	file, err := safetensors.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	tensor, err := file.Tensor("weight")
	if err != nil {
		log.Fatal(err)
	}
	defer tensor.Close() // and until then, elements is valid
	elements, err := safetensors.As[float32](tensor)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(elements[1*3+2])
	// Output: 5
}

func ExampleView() {
	path, remove := exampleModel()
	defer remove()
	file, err := safetensors.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	tensor, err := file.Tensor("weight")
	if err != nil {
		log.Fatal(err)
	}
	defer tensor.Close()
	var sum float32
	err = safetensors.View(tensor, func(elements []float32) error {
		for _, element := range elements {
			sum += element
		}
		return nil
	})
	fmt.Println(sum, err)
	// Output: 15 <nil>
}

func ExampleReadSlice() {
	path, remove := exampleModel()
	defer remove()
	file, err := safetensors.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	rows, columns := safetensors.Range{Start: 0, Stop: 2}, safetensors.Range{Start: 1, Stop: 3}
	elements, err := safetensors.ReadSlice[float32](file, "weight", rows, columns)
	fmt.Println(elements, err)
	// Output: [1 2 4 5] <nil>
}

func ExampleError() {
	_, err := safetensors.Open("absent.safetensors", nil)
	fmt.Println(errors.Is(err, safetensors.ErrNotFound), errors.Is(err, os.ErrNotExist))
	var failure *safetensors.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Code.String(), failure.OSError)
	}
	// Output:
	// true true
	// ST_E_NOT_FOUND no such file or directory
}

func ExampleOpenReaderAt() {
	data, err := safetensors.Marshal([]safetensors.SaveTensor{safetensors.Of("x", []uint64{2}, []int64{7, 8})}, nil)
	if err != nil {
		log.Fatal(err)
	}

	file, err := safetensors.OpenReaderAt(bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	x, err := safetensors.Read[int64](file, "x")
	fmt.Println(x, err)
	// Output: [7 8] <nil>
}

func ExampleNewWriter() {
	path, remove := exampleModel()
	defer remove()

	w, err := safetensors.NewWriter(path, []safetensors.SaveTensor{
		{Name: "weight", DType: safetensors.F32, Shape: []uint64{2, 3}},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	for row := int64(0); row < 2; row++ { // in any order, from any number of goroutines
		if err := safetensors.WriteElements(w, "weight", row*12, []float32{0, 1, 2}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(w.Commit())
	// Output: <nil>
}

func ExampleNewSetWriter() {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(directory)

	w, err := safetensors.NewSetWriter(directory, &safetensors.SetOptions{MaxShardSize: 2_000_000}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	layer := make([]float32, 300_000)
	for _, name := range []string{"layer.0", "layer.1", "layer.2"} {
		if err := w.Add(safetensors.Of(name, []uint64{uint64(len(layer))}, layer)); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		log.Fatal(err)
	}

	model, err := safetensors.OpenSet(directory, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	shards, err := model.Shards()
	fmt.Println(model.Len(), "tensors in", len(shards), "files", err)
	// Output: 3 tensors in 3 files <nil>
}

func ExampleEditMetadata() {
	path, remove := exampleModel()
	defer remove()

	_, err := safetensors.EditMetadata(path, safetensors.Edit{
		Set:    map[string]string{"license": "apache-2.0"},
		Rename: map[string]string{"weight": "layer.weight"},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	file, err := safetensors.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	fmt.Println(file.Names(), file.Metadata())
	// Output: [bias layer.weight] map[format:pt license:apache-2.0]
}

func ExampleBuilder() {
	var b safetensors.Builder
	if err := b.Add(safetensors.Of("x", []uint64{2}, []uint8{1, 2})); err != nil {
		log.Fatal(err)
	}
	if err := b.AddMetadata("format", "pt"); err != nil {
		log.Fatal(err)
	}
	data, err := b.Marshal(nil)
	fmt.Printf("%q %v\n", data[8:], err)
	// Output: "{\"__metadata__\":{\"format\":\"pt\"},\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}    \x01\x02" <nil>
}
