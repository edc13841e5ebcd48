package safetensors

// #include "bridge.h"
import "C"

// TensorInfo is a tensor's entry in the header.
type TensorInfo struct {
	Name   string   // UTF-8, may contain NUL
	DType  DType    // element type
	Shape  []uint64 // extents in elements; empty for a scalar
	Size   int64    // size of the data in bytes
	Offset int64    // offset of the data from the first byte of the file
}

// Elements returns the number of elements.
func (i TensorInfo) Elements() uint64 {
	n := uint64(1)
	for _, extent := range i.Shape {
		n *= extent
	}
	return n
}

// Order is an order of the tensors of a file.
type Order uint32

// The orders.
const (
	FileOrder Order = C.ST_ORDER_FILE // by offset
	NameOrder Order = C.ST_ORDER_NAME // by the bytes of the name
)

func newInfo(info *C.st_tensor_info, name string) TensorInfo {
	return TensorInfo{
		Name:   name,
		DType:  DType(info.dtype),
		Shape:  copyExtents(info.shape, info.rank),
		Size:   int64(info.nbytes),
		Offset: int64(info.file_offset),
	}
}

// Len returns the number of tensors.
func (f *File) Len() int {
	return int(f.property(func(file *C.st_file) C.uint64_t { return C.st_file_tensor_count(file) }))
}

// Has reports whether the file has a tensor with this name.
func (f *File) Has(name string) bool {
	if !f.acquire() {
		return false
	}
	defer f.release()
	return C.stgo_has_tensor(f.number(), stringData(name), C.uint64_t(len(name))) != 0
}

// Info returns the entry of the tensor with this name. It fails with ErrTensorNotFound; Lookup takes
// less time for a name that the file does not have.
func (f *File) Info(name string) (TensorInfo, error) {
	if info, ok := f.Lookup(name); ok {
		return info, nil
	}
	var info C.st_tensor_info
	return TensorInfo{}, f.query(func(file *C.st_file, e *C.st_error) C.st_status {
		return C.st_file_find_tensor(file, stringData(name), C.uint64_t(len(name)), &info, e)
	})
}

// Lookup returns the entry of the tensor with this name, if the file has it.
func (f *File) Lookup(name string) (TensorInfo, bool) {
	if !f.acquire() {
		return TensorInfo{}, false
	}
	entry := C.stgo_find_tensor(f.number(), stringData(name), C.uint64_t(len(name)))
	if entry.status != C.ST_OK {
		f.release()
		return TensorInfo{}, false
	}
	shape := copyExtents(entry.shape, entry.rank)
	f.release()
	return TensorInfo{
		Name:   name,
		DType:  DType(entry.dtype),
		Shape:  shape,
		Size:   int64(entry.nbytes),
		Offset: int64(entry.file_offset),
	}, true
}

// InfoAt returns the entry of the tensor at an index in an order. It fails with ErrOutOfRange.
func (f *File) InfoAt(order Order, index int) (TensorInfo, error) {
	if !f.acquire() {
		return TensorInfo{}, ErrClosed
	}
	defer f.release()
	return f.infoAt(order, index)
}

func (f *File) infoAt(order Order, index int) (TensorInfo, error) {
	found := C.stgo_tensor_at(f.handle, C.uint32_t(order), C.uint64_t(index))
	if found.status != C.ST_OK {
		var info C.st_tensor_info
		e := newCError()
		return TensorInfo{}, check(C.st_file_tensor_at(f.handle, C.uint32_t(order), C.uint64_t(index), &info, e), e)
	}
	return newInfo(&found.info, goString(found.info.name, found.info.name_len)), nil
}

// Infos returns the entries of all tensors in an order.
func (f *File) Infos(order Order) ([]TensorInfo, error) {
	if !f.acquire() {
		return nil, ErrClosed
	}
	defer f.release()
	infos := make([]TensorInfo, C.st_file_tensor_count(f.handle))
	for i := range infos {
		info, err := f.infoAt(order, i)
		if err != nil {
			return nil, err
		}
		infos[i] = info
	}
	return infos, nil
}

// Names returns the names of all tensors, in the order of their bytes.
func (f *File) Names() []string {
	infos, _ := f.Infos(NameOrder)
	names := make([]string, len(infos))
	for i := range infos {
		names[i] = infos[i].Name
	}
	return names
}
