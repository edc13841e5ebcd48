package safetensors

// #include "bridge.h"
import "C"

// Shard is a file of a set.
type Shard struct {
	Path        string // "" for memory, io.ReaderAt and descriptors
	FirstOffset int64  // offset of the shard's first byte in the set
	Size        int64  // size of the shard in bytes
	Tensors     int    // number of tensors that the set has from this shard
}

// Shards returns the files of a set, in the order of the paths' bytes: one for a File that is not
// from OpenSet.
func (f *File) Shards() ([]Shard, error) {
	if !f.acquire() {
		return nil, ErrClosed
	}
	defer f.release()
	shards := make([]Shard, C.st_shard_count(f.handle))
	e := newCError()
	for i := range shards {
		shard := C.st_shard{size: C.sizeof_st_shard}
		if err := check(C.st_shard_at(f.handle, C.uint64_t(i), &shard, e), e); err != nil {
			return nil, err
		}
		shards[i] = Shard{
			Path:        C.GoString(shard.path),
			FirstOffset: int64(shard.first_offset),
			Size:        int64(shard.nbytes),
			Tensors:     int(shard.tensor_count),
		}
	}
	return shards, nil
}

// Location is where a tensor's bytes are, for programs that read them with I/O of their own.
type Location struct {
	FD     int    // the library's descriptor of the shard, valid until Close; -1 if it keeps none open
	Shard  int    // index of the shard in Shards
	Path   string // path of the shard, as in Shard
	Offset int64  // offset of the data from the first byte of the shard
	Size   int64  // size of the data in bytes
}

// Location returns the location of a tensor. It fails with ErrTensorNotFound.
func (f *File) Location(name string) (Location, error) {
	location := C.st_location{size: C.sizeof_st_location}
	var path string
	err := f.query(func(file *C.st_file, e *C.st_error) C.st_status {
		status := C.st_tensor_location(file, stringData(name), C.uint64_t(len(name)), &location, e)
		if status == C.ST_OK {
			path = C.GoString(location.path)
		}
		return status
	})
	if err != nil {
		return Location{FD: -1}, err
	}
	return Location{
		FD:     int(location.fd),
		Shard:  int(location.shard),
		Path:   path,
		Offset: int64(location.file_offset),
		Size:   int64(location.nbytes),
	}, nil
}

// IndexMetadata returns the "metadata" of a set's index, as JSON. It fails with ErrMetadataNotFound
// if the set has no index, or the index no metadata.
func (f *File) IndexMetadata() ([]byte, error) {
	var text *C.char
	var n C.uint64_t
	var copied []byte
	err := f.query(func(file *C.st_file, e *C.st_error) C.st_status {
		status := C.st_file_index_metadata(file, &text, &n, e)
		if status == C.ST_OK {
			copied = []byte(goString(text, n))
		}
		return status
	})
	return copied, err
}
