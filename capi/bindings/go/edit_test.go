package safetensors_test

import (
	"path/filepath"
	"testing"

	"libsafetensors/safetensors"
)

func TestEditMetadata(t *testing.T) {
	path := samplePath(t)
	method, err := safetensors.EditMetadata(path, safetensors.Edit{
		Set:    map[string]string{"license": "apache-2.0"},
		Remove: []string{"format"},
		Rename: map[string]string{"bias": "weight", "weight": "bias"},
	}, nil)
	ok(t, err)
	equal(t, method == safetensors.EditClone || method == safetensors.EditCopy, true)
	file, err := safetensors.Open(path, nil)
	ok(t, err)
	defer file.Close()
	equal(t, file.Metadata(), map[string]string{"license": "apache-2.0"})
	elements, err := safetensors.Read[float32](file, "weight")
	ok(t, err)
	equal(t, elements, []float32{0.5, 1.5, 2.5})
}

func TestEditInPlace(t *testing.T) {
	path := samplePath(t)
	edit := safetensors.Edit{Set: map[string]string{"format": "tf"}, InPlace: true}
	method, err := safetensors.EditMetadata(path, edit, nil)
	ok(t, err)
	equal(t, method, safetensors.EditOverwrite)
	method, err = safetensors.EditMetadata(path, edit, nil)
	ok(t, err)
	equal(t, method, safetensors.EditUnchanged)
}

func TestEditErrors(t *testing.T) {
	path := samplePath(t)
	for code, edit := range map[safetensors.Code]safetensors.Edit{
		safetensors.ErrMetadataNotFound: {Remove: []string{"absent"}},
		safetensors.ErrTensorNotFound:   {Rename: map[string]string{"absent": "x"}},
		safetensors.ErrDuplicate:        {Rename: map[string]string{"bias": "weight"}},
	} {
		_, err := safetensors.EditMetadata(path, edit, nil)
		fails(t, err, code)
	}
	_, err := safetensors.EditMetadata(path, safetensors.Edit{}, sampleOptions())
	fails(t, err, safetensors.ErrInvalidArgument)
	_, err = safetensors.EditMetadata(path+".absent", safetensors.Edit{}, nil)
	fails(t, err, safetensors.ErrNotFound)
}

// savePart writes a file with a part of "x" F32 [4] that begins at an element.
func savePart(t *testing.T, path string, element string, data []float32) {
	t.Helper()
	ok(t, safetensors.Save(path, []safetensors.SaveTensor{safetensors.Of("x", []uint64{uint64(len(data))}, data)},
		&safetensors.SaveOptions{Metadata: map[string]string{
			"DCP_SHARDING_INFO": `{"x":{"saved_offsets":[` + element + `]}}`,
		}}))
}

func TestConsolidate(t *testing.T) {
	parts, directory := t.TempDir(), t.TempDir()
	savePart(t, filepath.Join(parts, "1.safetensors"), "0", []float32{0, 1})
	savePart(t, filepath.Join(parts, "2.safetensors"), "2", []float32{2, 3})
	ok(t, safetensors.Consolidate(parts, directory, &safetensors.SetOptions{Stem: "joined"}, nil))
	equal(t, filesIn(t, directory), []string{"joined.safetensors"})
	file, err := safetensors.OpenSet(directory, nil)
	ok(t, err)
	defer file.Close()
	elements, err := safetensors.Read[float32](file, "x")
	ok(t, err)
	equal(t, elements, []float32{0, 1, 2, 3})

	savePart(t, filepath.Join(parts, "2.safetensors"), "1", []float32{2, 3})
	fails(t, safetensors.Consolidate(parts, directory, nil, nil), safetensors.ErrOffset)
	fails(t, safetensors.Consolidate(parts+".absent", directory, nil, nil), safetensors.ErrNotFound)
}
