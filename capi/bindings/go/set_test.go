package safetensors_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"libsafetensors/safetensors"
)

func layers() []safetensors.SaveTensor {
	var tensors []safetensors.SaveTensor
	for _, name := range []string{"layer.0", "layer.1", "layer.2"} {
		tensors = append(tensors, safetensors.Of(name, []uint64{100}, make([]float32, 100)))
	}
	return tensors
}

func shardPaths(t *testing.T, directory string) []string {
	t.Helper()
	file, err := safetensors.OpenSet(directory, nil)
	ok(t, err)
	defer file.Close()
	shards, err := file.Shards()
	ok(t, err)
	var names []string
	for _, shard := range shards {
		names = append(names, filepath.Base(shard.Path))
	}
	return names
}

func TestSaveSet(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "model")
	set := &safetensors.SetOptions{
		MaxShardSize: 800, Stem: "diffusion", Variant: "fp16", IndexFormat: safetensors.IndexSorted,
		IndexMetadata: map[string]string{"made": "by Go"}, TotalParameters: 300,
	}
	ok(t, safetensors.SaveSet(directory, layers(), set, sampleOptions()))
	equal(t, shardPaths(t, directory), []string{"diffusion.fp16-00001-of-00002.safetensors", "diffusion.fp16-00002-of-00002.safetensors"})
	index, err := os.ReadFile(filepath.Join(directory, "diffusion.safetensors.index.fp16.json"))
	ok(t, err)
	equal(t, index[len(index)-1], byte('\n')) // of IndexSorted only
	file, err := safetensors.OpenSet(directory, nil)
	ok(t, err)
	defer file.Close()
	equal(t, file.Len(), 3)
	equal(t, file.Metadata(), map[string]string{"format": "pt"})
	text, err := file.IndexMetadata()
	ok(t, err)
	var metadata map[string]any
	ok(t, json.Unmarshal(text, &metadata))
	equal(t, metadata, map[string]any{"made": "by Go", "total_size": 1200., "total_parameters": 300.})
	shards, err := file.Shards()
	ok(t, err)
	equal(t, shards[0].Tensors, 2)
	equal(t, shards[1].FirstOffset, shards[0].Size)
	location, err := file.Location("layer.2")
	ok(t, err)
	equal(t, location.Shard, 1)
}

func TestSplits(t *testing.T) {
	for split, first := range map[safetensors.Split]int{safetensors.SplitHub: 3, safetensors.SplitBalanced: 2} {
		directory := t.TempDir()
		tensors := append(layers(), safetensors.Of("layer.3", []uint64{100}, make([]float32, 100)))
		ok(t, safetensors.SaveSet(directory, tensors, &safetensors.SetOptions{MaxShardSize: 1200, Split: split}, nil))
		file, err := safetensors.OpenSet(directory, nil)
		ok(t, err)
		shards, err := file.Shards()
		ok(t, err)
		equal(t, shards[0].Tensors, first)
		file.Close()
	}
}

func TestTensorsThatShareStorageShareAShard(t *testing.T) {
	directory := t.TempDir()
	tensors := layers()
	tensors[0].StorageID, tensors[2].StorageID = 1, 1
	ok(t, safetensors.SaveSet(directory, tensors, &safetensors.SetOptions{MaxShardSize: 800}, nil))
	file, err := safetensors.OpenSet(directory, nil)
	ok(t, err)
	defer file.Close()
	var shard [3]int
	for i := range tensors {
		location, err := file.Location(tensors[i].Name)
		ok(t, err)
		shard[i] = location.Shard
	}
	equal(t, shard[0], shard[2])
}

func TestOpenSetPolicies(t *testing.T) {
	directory := t.TempDir()
	_, err := safetensors.OpenSet(directory, nil)
	failure := fails(t, err, safetensors.ErrNotFound)
	equal(t, failure.OSError, syscall.Errno(0))
	equal(t, errors.Is(err, fs.ErrNotExist), true)
	ok(t, safetensors.SaveSet(directory, layers(), &safetensors.SetOptions{MaxShardSize: 800}, nil))
	file, err := safetensors.OpenSet(directory, &safetensors.OpenOptions{SetPolicy: safetensors.SetAll})
	ok(t, err)
	defer file.Close()
	equal(t, file.Len(), 3)
	ok(t, safetensors.Save(filepath.Join(directory, "model.safetensors"), sample(), nil))
	_, err = safetensors.OpenSet(directory, nil)
	fails(t, err, safetensors.ErrSetAmbiguous)
}

func TestSetWriter(t *testing.T) {
	directory := t.TempDir()
	w, err := safetensors.NewSetWriter(directory, &safetensors.SetOptions{MaxShardSize: 800}, sampleOptions())
	ok(t, err)
	defer w.Close()
	tensors := layers()
	tensors[1] = sourced(tensors[1:2])[0]
	for _, tensor := range tensors {
		ok(t, w.Add(tensor))
	}
	fails(t, w.Add(tensors[0]), safetensors.ErrDuplicate)
	tensors[0].Name, tensors[0].Data = "other", tensors[0].Data[1:]
	fails(t, w.Add(tensors[0]), safetensors.ErrSizeMismatch)
	equal(t, w.Has("layer.0"), false)
	ok(t, w.Commit())
	equal(t, len(shardPaths(t, directory)), 2)
	ok(t, w.Close())
	equal(t, errors.Is(w.Add(tensors[0]), safetensors.ErrClosed), true)
	equal(t, errors.Is(w.Commit(), safetensors.ErrClosed), true)
}

func TestSetWriterResumes(t *testing.T) {
	directory := t.TempDir()
	options := &safetensors.SetOptions{MaxShardSize: 400, Resume: true}
	w, err := safetensors.NewSetWriter(directory, options, nil)
	ok(t, err)
	ok(t, w.Add(layers()[0]))
	ok(t, w.Add(layers()[1]))
	_, err = safetensors.NewSetWriter(directory, options, nil)
	fails(t, err, safetensors.ErrIO)
	equal(t, errors.Is(err, syscall.EBUSY), true)
	ok(t, w.Close())

	w, err = safetensors.NewSetWriter(directory, options, nil)
	ok(t, err)
	defer w.Close()
	equal(t, w.Has("layer.0"), true)
	equal(t, w.Has("layer.2"), false)
	for _, tensor := range layers() {
		if w.Has(tensor.Name) {
			tensor.Data = nil
			tensor.Source = safetensors.FillFunc(func([]byte, int64) error { return errMine })
		}
		ok(t, w.Add(tensor))
	}
	ok(t, w.Commit())
	equal(t, len(shardPaths(t, directory)), 3)
}

func TestSetWriterFromManyGoroutines(t *testing.T) {
	directory := t.TempDir()
	w, err := safetensors.NewSetWriter(directory, &safetensors.SetOptions{MaxShardSize: 800}, nil)
	ok(t, err)
	defer w.Close()
	var group sync.WaitGroup
	for _, tensor := range layers() {
		group.Add(1)
		go func(tensor safetensors.SaveTensor) {
			defer group.Done()
			if err := w.Add(tensor); err != nil {
				t.Error(err)
			}
		}(tensor)
	}
	group.Wait()
	ok(t, w.Commit())
	file, err := safetensors.OpenSet(directory, nil)
	ok(t, err)
	defer file.Close()
	equal(t, file.Len(), 3)
}
