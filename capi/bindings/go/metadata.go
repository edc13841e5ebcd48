package safetensors

// #include "bridge.h"
import "C"

// MetadataForm is the form of the __metadata__ of a header.
type MetadataForm uint32

// The forms.
const (
	MetadataAbsent MetadataForm = C.ST_METADATA_ABSENT // no __metadata__
	MetadataNull   MetadataForm = C.ST_METADATA_NULL   // "__metadata__":null
	MetadataObject MetadataForm = C.ST_METADATA_OBJECT // an object, which may be empty
)

// MetadataForm returns the form of the header's __metadata__. SaveOptions.MetadataForm writes a copy
// with the same form.
func (f *File) MetadataForm() MetadataForm {
	return MetadataForm(f.property(func(file *C.st_file) C.uint64_t { return C.uint64_t(C.st_file_metadata_form(file)) }))
}

// Metadata returns the entries of the header's __metadata__. It is empty, never nil, without entries.
func (f *File) Metadata() map[string]string {
	if !f.acquire() {
		return map[string]string{}
	}
	defer f.release()
	n := C.st_file_metadata_count(f.handle)
	entries := make(map[string]string, n)
	entry := C.st_metadata_entry{size: C.sizeof_st_metadata_entry}
	for i := C.uint64_t(0); i < n; i++ {
		if C.st_file_metadata_at(f.handle, i, &entry, nil) == C.ST_OK {
			entries[goString(entry.key, entry.key_len)] = goString(entry.value, entry.value_len)
		}
	}
	return entries
}

// LookupMetadata returns the value of a metadata key, if the file has it.
func (f *File) LookupMetadata(key string) (string, bool) {
	if !f.acquire() {
		return "", false
	}
	defer f.release()
	found := C.stgo_find_metadata(f.handle, stringData(key), C.uint64_t(len(key)))
	if found.status != C.ST_OK {
		return "", false
	}
	return goString(found.text, found.text_len), true
}

// MetadataRange returns the byte range of a metadata value in the file: the characters of the JSON
// string between its quotes, escapes included. It reads the header again. Errors:
// ErrMetadataNotFound, ErrChanged, ErrTruncated, ErrIO.
func (f *File) MetadataRange(key string) (offset, n int64, err error) {
	var start, size C.uint64_t
	err = f.read(func(file *C.st_file, call C.uintptr_t, e *C.st_error) C.st_status {
		return C.stgo_metadata_range(file, call, stringData(key), C.uint64_t(len(key)), &start, &size, e)
	})
	return int64(start), int64(size), err
}
