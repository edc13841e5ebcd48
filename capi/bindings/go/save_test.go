package safetensors_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"libsafetensors/safetensors"
)

// sourced has the tensors' bytes in Source instead of Data.
func sourced(tensors []safetensors.SaveTensor) []safetensors.SaveTensor {
	for i := range tensors {
		tensors[i].Source = bytes.NewReader(tensors[i].Data)
		tensors[i].Data = nil
	}
	return tensors
}

func TestEverySaveWritesTheSameBytes(t *testing.T) {
	large := make([]float32, 3<<20)
	for i := range large {
		large[i] = float32(i)
	}
	tensors := append(sample(), safetensors.Of("large", []uint64{3 << 20}, large))
	options := sampleOptions()
	want, err := safetensors.Marshal(tensors, options)
	ok(t, err)
	for _, tensors := range [][]safetensors.SaveTensor{tensors, sourced(append([]safetensors.SaveTensor{}, tensors...))} {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		ok(t, safetensors.Save(path, tensors, options))
		saved, err := os.ReadFile(path)
		ok(t, err)
		equal(t, bytes.Equal(saved, want), true)
		var stream bytes.Buffer
		n, err := safetensors.Encode(&stream, tensors, options)
		ok(t, err)
		equal(t, n, int64(len(want)))
		equal(t, bytes.Equal(stream.Bytes(), want), true)
		size, err := safetensors.SaveSize(tensors, options)
		ok(t, err)
		equal(t, size, n)
		buffer := make([]byte, n+1)
		_, err = safetensors.MarshalTo(buffer[:n-1], tensors, options)
		fails(t, err, safetensors.ErrBufferTooSmall)
		n, err = safetensors.MarshalTo(buffer, tensors, options)
		ok(t, err)
		equal(t, bytes.Equal(buffer[:n], want), true)
	}
}

func TestSaveRejectsInvalidTensors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	x := func(change func(*safetensors.SaveTensor)) []safetensors.SaveTensor {
		tensor := safetensors.Of("x", []uint64{2}, []float32{1, 2})
		change(&tensor)
		return []safetensors.SaveTensor{tensor}
	}
	cases := map[string]struct {
		tensors []safetensors.SaveTensor
		code    safetensors.Code
	}{
		"no data":          {x(func(t *safetensors.SaveTensor) { t.Data = nil }), safetensors.ErrSizeMismatch},
		"other size":       {x(func(t *safetensors.SaveTensor) { t.Data = t.Data[1:] }), safetensors.ErrSizeMismatch},
		"dtype":            {x(func(t *safetensors.SaveTensor) { t.DType = 99 }), safetensors.ErrDType},
		"UTF-8":            {x(func(t *safetensors.SaveTensor) { t.Name = "\xff" }), safetensors.ErrUTF8},
		"reserved":         {x(func(t *safetensors.SaveTensor) { t.Name = "__metadata__" }), safetensors.ErrInvalidArgument},
		"two sources":      {x(func(t *safetensors.SaveTensor) { t.Source = bytes.NewReader(t.Data) }), safetensors.ErrInvalidArgument},
		"duplicate":        {append(sample(), sample()[0]), safetensors.ErrDuplicate},
		"overflow":         {sourced(x(func(t *safetensors.SaveTensor) { t.Shape = []uint64{1 << 40, 1 << 40} })), safetensors.ErrOverflow},
		"sub-byte":         {sourced(x(func(t *safetensors.SaveTensor) { t.DType, t.Shape = safetensors.F4, []uint64{3} })), safetensors.ErrSubByte},
		"source too short": {sourced(x(func(t *safetensors.SaveTensor) { t.Data = t.Data[1:] })), safetensors.ErrCancelled},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			fails(t, safetensors.Save(path, test.tensors, nil), test.code)
			_, err := safetensors.Marshal(test.tensors, nil)
			fails(t, err, test.code)
			equal(t, len(filesIn(t, filepath.Dir(path))), 0)
		})
	}
	ok(t, safetensors.Save(path, nil, nil))
}

func TestSaveOptions(t *testing.T) {
	path := samplePath(t)
	options := &safetensors.SaveOptions{Alignment: 4096, Mode: 0o640, Durability: safetensors.DurabilityFsync}
	ok(t, safetensors.Save(path, sample(), options))
	info, err := os.Stat(path)
	ok(t, err)
	equal(t, info.Mode().Perm(), os.FileMode(0o640))
	file, err := safetensors.Open(path, nil)
	ok(t, err)
	defer file.Close()
	equal(t, file.DataOffset(), int64(4096))
	for _, options := range []safetensors.SaveOptions{{Alignment: 3}, {Mode: 1 << 20}, {Durability: 9}, {Link: 9}, {MetadataForm: 9}} {
		fails(t, safetensors.Save(path, sample(), &options), safetensors.ErrInvalidArgument)
	}
	_, err = safetensors.Marshal(nil, &safetensors.SaveOptions{Metadata: map[string]string{"\xff": ""}})
	fails(t, err, safetensors.ErrUTF8)
}

func TestSaveThroughLinks(t *testing.T) {
	path := samplePath(t)
	link := filepath.Join(filepath.Dir(path), "link")
	ok(t, os.Symlink(path, link))
	ok(t, safetensors.Save(link, nil, &safetensors.SaveOptions{Link: safetensors.LinkFollow}))
	file, err := safetensors.Open(path, nil)
	ok(t, err)
	equal(t, file.Len(), 0)
	file.Close()
	ok(t, safetensors.Save(link, sample(), nil))
	info, err := os.Lstat(link)
	ok(t, err)
	equal(t, info.Mode().IsRegular(), true)
}

func TestProgressCountsToTheSize(t *testing.T) {
	tensors := append(sample(), safetensors.Of("large", []uint64{9 << 20}, make([]uint8, 9<<20)))
	size, err := safetensors.SaveSize(tensors, nil)
	ok(t, err)
	saves := map[string]func(*safetensors.SaveOptions) error{
		"Save": func(o *safetensors.SaveOptions) error {
			return safetensors.Save(filepath.Join(t.TempDir(), "x"), tensors, o)
		},
		"SaveSet": func(o *safetensors.SaveOptions) error { return safetensors.SaveSet(t.TempDir(), tensors, nil, o) },
		"Encode": func(o *safetensors.SaveOptions) error {
			_, err := safetensors.Encode(&bytes.Buffer{}, tensors, o)
			return err
		},
	}
	for name, save := range saves {
		t.Run(name, func(t *testing.T) {
			calls, last := 0, int64(0)
			ok(t, save(&safetensors.SaveOptions{Progress: func(done, total int64) error {
				equal(t, total, size)
				equal(t, done >= last, true)
				calls, last = calls+1, done
				return nil
			}}))
			equal(t, last, size)
			equal(t, calls > 1, true)
		})
	}
}

func TestTensorsOfAFileReplaceIt(t *testing.T) {
	path := samplePath(t)
	file, err := safetensors.Open(path, nil)
	ok(t, err)
	weight, err := file.Tensor("weight")
	ok(t, err)
	file.Close()
	defer weight.Close()
	renamed := weight.SaveTensor()
	renamed.Name = "layer.weight"
	ok(t, safetensors.Save(path, []safetensors.SaveTensor{renamed}, nil))
	again, err := safetensors.Open(path, nil)
	ok(t, err)
	defer again.Close()
	elements, err := safetensors.Read[float32](again, "layer.weight")
	ok(t, err)
	equal(t, elements[11], float32(11))

	weight.Close()
	_, err = safetensors.Marshal([]safetensors.SaveTensor{sample()[0], renamed}, nil)
	equal(t, err, safetensors.ErrClosed)
	equal(t, safetensors.Save(path, []safetensors.SaveTensor{renamed}, nil), safetensors.ErrClosed)
	w, err := safetensors.NewSetWriter(t.TempDir(), nil, nil)
	ok(t, err)
	defer w.Close()
	equal(t, w.Add(renamed), safetensors.ErrClosed)
}

func TestBuilder(t *testing.T) {
	var b safetensors.Builder
	fails(t, b.Add(safetensors.SaveTensor{Name: "x", DType: safetensors.F32, Shape: []uint64{1}}), safetensors.ErrSizeMismatch)
	for _, tensor := range sample() {
		ok(t, b.Add(tensor))
	}
	ok(t, b.AddMetadata("format", "pt"))
	fails(t, b.AddMetadata("format", "tf"), safetensors.ErrDuplicate)
	fails(t, b.AddMetadata("\xff", ""), safetensors.ErrUTF8)
	data, err := b.Marshal(nil)
	ok(t, err)
	equal(t, data, sampleBytes(t))
	var stream bytes.Buffer
	_, err = b.WriteTo(&stream)
	ok(t, err)
	equal(t, stream.Bytes(), data)
	directory := t.TempDir()
	ok(t, b.Save(filepath.Join(directory, "x"), &safetensors.SaveOptions{Metadata: map[string]string{"more": ""}}))
	file, err := safetensors.Open(filepath.Join(directory, "x"), nil)
	ok(t, err)
	defer file.Close()
	equal(t, file.Metadata(), map[string]string{"format": "pt", "more": ""})
	_, err = b.Marshal(sampleOptions())
	fails(t, err, safetensors.ErrDuplicate)

	ok(t, b.Declare("z", safetensors.U8, []uint64{4}))
	fails(t, b.Save(filepath.Join(directory, "y"), nil), safetensors.ErrInvalidArgument)
	size, err := b.SaveSize(nil)
	ok(t, err)
	w, err := b.NewWriter(filepath.Join(directory, "y"), nil)
	ok(t, err)
	defer w.Close()
	for _, tensor := range sample() {
		ok(t, w.Write(tensor.Name, 0, tensor.Data))
	}
	ok(t, w.Write("z", 0, []byte{1, 2, 3, 4}))
	ok(t, w.Commit())
	info, err := os.Stat(filepath.Join(directory, "y"))
	ok(t, err)
	equal(t, info.Size(), size)
}
