package safetensors_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"libsafetensors/safetensors"
)

func TestErrorsMatch(t *testing.T) {
	directory := t.TempDir()
	_, err := safetensors.Open(filepath.Join(directory, "absent"), nil)
	failure := fails(t, err, safetensors.ErrNotFound)
	equal(t, failure.OSError, syscall.ENOENT)
	equal(t, failure.Position, int64(-1))
	equal(t, errors.Is(err, fs.ErrNotExist), true)
	equal(t, errors.Is(err, syscall.ENOENT), true)
	equal(t, errors.Is(err, fs.ErrPermission), false)
	equal(t, errors.Is(err, safetensors.ErrIO), false)
	var code safetensors.Code
	equal(t, errors.As(err, &code), true)
	equal(t, code, safetensors.ErrNotFound)
	var errno syscall.Errno
	equal(t, errors.As(err, &errno), true)
	equal(t, errno, syscall.ENOENT)
	equal(t, err.Error(), "safetensors: "+failure.Message)

	_, err = safetensors.Open(directory, nil)
	fails(t, err, safetensors.ErrNotRegular)
	equal(t, errors.Is(err, fs.ErrNotExist), false)
}

func TestPermissionMatches(t *testing.T) {
	path := samplePath(t)
	ok(t, os.Chmod(path, 0))
	_, err := safetensors.Open(path, nil)
	if err == nil {
		t.Skip("this user may read every file")
	}
	fails(t, err, safetensors.ErrPermission)
	equal(t, errors.Is(err, fs.ErrPermission), true)
}

func TestFormatErrorsHavePositions(t *testing.T) {
	_, err := safetensors.OpenBytes(fileOf(`{"a" 1}`, ""), nil)
	failure := fails(t, err, safetensors.ErrJSON)
	equal(t, failure.Position >= 8, true)
	equal(t, failure.OSError, syscall.Errno(0))
	equal(t, errors.Unwrap(err), nil)
}

func TestCodesHaveNames(t *testing.T) {
	equal(t, safetensors.ErrTensorNotFound.String(), "ST_E_TENSOR_NOT_FOUND")
	equal(t, safetensors.ErrTensorNotFound.Error(), "safetensors: ST_E_TENSOR_NOT_FOUND (70)")
	equal(t, safetensors.Code(999).String(), "unknown")
}

func TestDTypes(t *testing.T) {
	for dtype, bits := range map[safetensors.DType]int{safetensors.F4: 4, safetensors.BF16: 16, safetensors.C64: 64, safetensors.F8E4M3FNUZ: 8} {
		equal(t, dtype.Bits(), bits)
		parsed, err := safetensors.ParseDType(dtype.String())
		ok(t, err)
		equal(t, parsed, dtype)
	}
	_, err := safetensors.ParseDType("F3")
	fails(t, err, safetensors.ErrDType)
	equal(t, safetensors.DType(99).String(), "DType(99)")
	equal(t, safetensors.DType(99).Bits(), 0)
}

func TestVersion(t *testing.T) {
	equal(t, safetensors.VersionNumber() >= 1000, true)
	equal(t, len(safetensors.Version()) >= 5, true)
}
