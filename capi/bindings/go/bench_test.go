package safetensors_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"libsafetensors/safetensors"
)

// benchmarkFile has 1,000 tensors of 64 bytes, with the names that benchmarkNames returns.
func benchmarkFile(b *testing.B) *safetensors.File {
	b.Helper()
	path := filepath.Join(b.TempDir(), "model.safetensors")
	var tensors []safetensors.SaveTensor
	for _, name := range benchmarkNames() {
		tensors = append(tensors, safetensors.Of(name, []uint64{4, 4}, make([]float32, 16)))
	}
	if err := safetensors.Save(path, tensors, nil); err != nil {
		b.Fatal(err)
	}
	file, err := safetensors.Open(path, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { file.Close() })
	return file
}

func benchmarkNames() []string {
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("model.layers.%d.self_attn.q_proj.weight", i)
	}
	return names
}

// bench/c.c does the same work in C.
func BenchmarkFind(b *testing.B) {
	file, names := benchmarkFile(b), benchmarkNames()
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, ok := file.Lookup(names[i%len(names)]); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkGet(b *testing.B) {
	file, names := benchmarkFile(b), benchmarkNames()
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		tensor, err := file.Tensor(names[i%len(names)])
		if err != nil {
			b.Fatal(err)
		}
		tensor.Close()
	}
}

func BenchmarkHas(b *testing.B) {
	file, names := benchmarkFile(b), benchmarkNames()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if !file.Has(names[i%len(names)]) {
			b.Fatal("not found")
		}
	}
}
