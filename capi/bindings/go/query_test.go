package safetensors_test

import (
	"os"
	"testing"

	"libsafetensors/safetensors"
)

func TestInfo(t *testing.T) {
	file := openSample(t, nil)
	equal(t, file.Len(), 2)
	equal(t, file.Has("weight"), true)
	equal(t, file.Has("weigh"), false)
	info, err := file.Info("weight")
	ok(t, err)
	want := safetensors.TensorInfo{Name: "weight", DType: safetensors.F32, Shape: []uint64{3, 4}, Size: 48, Offset: file.DataOffset() + 12}
	equal(t, info, want)
	equal(t, info.Elements(), uint64(12))
	found, exists := file.Lookup("weight")
	equal(t, found, want)
	equal(t, exists, true)
	_, exists = file.Lookup("absent")
	equal(t, exists, false)
	_, err = file.Info("absent")
	fails(t, err, safetensors.ErrTensorNotFound)
	last, err := file.InfoAt(safetensors.FileOrder, 1)
	ok(t, err)
	equal(t, last, want)
	for _, index := range []int{2, -1} {
		_, err = file.InfoAt(safetensors.NameOrder, index)
		fails(t, err, safetensors.ErrOutOfRange)
	}
	_, err = file.Infos(99)
	fails(t, err, safetensors.ErrInvalidArgument)
}

func TestOrders(t *testing.T) {
	data, err := safetensors.Marshal([]safetensors.SaveTensor{
		safetensors.Of("a", nil, []uint8{1}),
		safetensors.Of("b", nil, []float64{2}),
	}, nil)
	ok(t, err)
	file, err := safetensors.OpenBytes(data, nil)
	ok(t, err)
	defer file.Close()
	for order, names := range map[safetensors.Order][2]string{safetensors.FileOrder: {"b", "a"}, safetensors.NameOrder: {"a", "b"}} {
		infos, err := file.Infos(order)
		ok(t, err)
		equal(t, [2]string{infos[0].Name, infos[1].Name}, names)
		equal(t, infos[0].Shape, []uint64{})
	}
}

func TestTextMayContainNUL(t *testing.T) {
	tensors := []safetensors.SaveTensor{
		safetensors.Of("a\x00b", []uint64{1}, []uint8{7}),
		safetensors.Of("", []uint64{1}, []uint8{8}),
	}
	data, err := safetensors.Marshal(tensors, &safetensors.SaveOptions{Metadata: map[string]string{"k\x00": "v\x00é", "": ""}})
	ok(t, err)
	file, err := safetensors.OpenBytes(data, nil)
	ok(t, err)
	defer file.Close()
	equal(t, file.Names(), []string{"", "a\x00b"})
	equal(t, file.Metadata(), map[string]string{"k\x00": "v\x00é", "": ""})
	for name, element := range map[string]uint8{"a\x00b": 7, "": 8} {
		elements, err := safetensors.Read[uint8](file, name)
		ok(t, err)
		equal(t, elements, []uint8{element})
	}
	value, exists := file.LookupMetadata("k\x00")
	equal(t, value, "v\x00é")
	equal(t, exists, true)
}

func TestMetadata(t *testing.T) {
	path := samplePath(t)
	file, err := safetensors.Open(path, nil)
	ok(t, err)
	defer file.Close()
	equal(t, file.Metadata(), map[string]string{"format": "pt"})
	equal(t, file.MetadataForm(), safetensors.MetadataObject)
	_, exists := file.LookupMetadata("absent")
	equal(t, exists, false)
	offset, n, err := file.MetadataRange("format")
	ok(t, err)
	data, err := os.ReadFile(path)
	ok(t, err)
	equal(t, string(data[offset:offset+n]), "pt")
	_, _, err = file.MetadataRange("absent")
	fails(t, err, safetensors.ErrMetadataNotFound)
}

func TestMetadataFormsAreKept(t *testing.T) {
	for _, form := range []safetensors.MetadataForm{safetensors.MetadataAbsent, safetensors.MetadataNull, safetensors.MetadataObject} {
		data, err := safetensors.Marshal(sample(), &safetensors.SaveOptions{MetadataForm: form})
		ok(t, err)
		file, err := safetensors.OpenBytes(data, nil)
		ok(t, err)
		equal(t, file.MetadataForm(), form)
		equal(t, file.Metadata(), map[string]string{})
		file.Close()
	}
}

func TestIdentityAndChanges(t *testing.T) {
	path := samplePath(t)
	file, err := safetensors.Open(path, nil)
	ok(t, err)
	defer file.Close()
	identity, err := file.Identity()
	ok(t, err)
	equal(t, identity.Size, file.Size())
	equal(t, identity.HeaderSize, file.DataOffset()-8)
	equal(t, identity.Inode != 0, true)
	ok(t, file.VerifyUnchanged())
	ok(t, os.Truncate(path, file.Size()-1))
	fails(t, file.VerifyUnchanged(), safetensors.ErrTruncated)
}

func TestReplacement(t *testing.T) {
	path := samplePath(t)
	file, err := safetensors.Open(path, nil)
	ok(t, err)
	replaced, err := file.Replaced()
	ok(t, err)
	equal(t, replaced, false)
	ok(t, safetensors.Save(path, sample(), nil))
	replaced, err = file.Replaced()
	ok(t, err)
	equal(t, replaced, true)
	ok(t, os.Remove(path))
	ok(t, os.Symlink(path, path))
	_, err = file.Replaced()
	fails(t, err, safetensors.ErrIO)
	file.Close()
	_, err = file.Replaced()
	equal(t, err, safetensors.ErrClosed)
}

func TestLocation(t *testing.T) {
	path := samplePath(t)
	file, err := safetensors.Open(path, &safetensors.OpenOptions{Backend: safetensors.BackendPread})
	ok(t, err)
	defer file.Close()
	location, err := file.Location("weight")
	ok(t, err)
	info, err := file.Info("weight")
	ok(t, err)
	equal(t, location.Path, path)
	equal(t, location.Offset, info.Offset)
	equal(t, location.Size, int64(48))
	equal(t, location.FD >= 0, true)
	missing, err := file.Location("absent")
	fails(t, err, safetensors.ErrTensorNotFound)
	equal(t, missing.FD, -1)
	shards, err := file.Shards()
	ok(t, err)
	equal(t, shards, []safetensors.Shard{{Path: path, Size: file.Size(), Tensors: 2}})
	_, err = file.IndexMetadata()
	fails(t, err, safetensors.ErrMetadataNotFound)
}
