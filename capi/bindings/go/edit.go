package safetensors

// #include "bridge.h"
import "C"

// Edit is changes of a file's metadata and tensor names.
type Edit struct {
	Set    map[string]string // metadata entries to add or replace
	Remove []string          // metadata keys to remove
	Rename map[string]string // tensors to rename, from the old name to the new one
	// InPlace changes the file itself. A crash meanwhile can leave a file with a damaged header, and
	// concurrent readers can see one.
	InPlace bool
}

// EditMethod is how EditMetadata changed a file.
type EditMethod uint32

// The methods.
const (
	EditUnchanged EditMethod = C.ST_EDIT_UNCHANGED // the file has these entries and names already
	EditClone     EditMethod = C.ST_EDIT_CLONE     // a new file that shares the blocks of the data with the old one
	EditCopy      EditMethod = C.ST_EDIT_COPY      // a new file with a copy of the data
	EditOverwrite EditMethod = C.ST_EDIT_OVERWRITE // in place: the header was overwritten
	EditInsert    EditMethod = C.ST_EDIT_INSERT    // in place: blocks were inserted before the data
)

// EditMetadata changes metadata entries and tensor names of a file and keeps its data bytes. Renames
// apply at once: two names can be exchanged. The new file replaces the old one atomically, as in Save,
// unless Edit.InPlace is set. Of the options, Durability, Link, Mode and Progress apply (in place:
// Durability), and Metadata must be nil.
//
// Errors: as Open and Save; ErrMetadataNotFound and ErrTensorNotFound for keys and names that the file
// does not have; ErrDuplicate.
func EditMetadata(path string, edit Edit, options *SaveOptions) (EditMethod, error) {
	var a arena
	defer a.free()
	cpath, err := a.path(path)
	if err != nil {
		return 0, err
	}
	changes := (*C.st_edit)(a.alloc(C.sizeof_st_edit))
	changes.size = C.sizeof_st_edit
	if edit.InPlace {
		changes.in_place = 1
	}
	changes.set, changes.set_count = a.entries(edit.Set)
	changes.rename, changes.rename_count = a.entries(edit.Rename)
	changes.remove, changes.remove_count = a.keys(edit.Remove)
	var method C.uint32_t
	c := &call{progress: options.progress()}
	err = c.run(func(handle C.uintptr_t, e *C.st_error) C.st_status {
		return C.st_edit_metadata(cpath, changes, options.c(&a, handle), &method, e)
	})
	return EditMethod(method), err
}

// Consolidate joins a checkpoint in which each file has parts of tensors, as torch.distributed.checkpoint
// writes it, to a set in a directory. Memory is constant. Errors: as Open and SaveSet; ErrSchema for a file
// without a valid DCP_SHARDING_INFO; ErrIncomplete for a tensor with a gap; ErrOffset for parts that
// overlap or exceed the tensor; ErrDType for parts of different dtypes.
func Consolidate(source, directory string, set *SetOptions, options *SaveOptions) error {
	var a arena
	defer a.free()
	from, err := a.path(source)
	if err != nil {
		return err
	}
	to, err := a.path(directory)
	if err != nil {
		return err
	}
	c := &call{progress: options.progress()}
	return c.run(func(handle C.uintptr_t, e *C.st_error) C.st_status {
		return C.st_consolidate(from, to, set.c(&a), options.c(&a, handle), e)
	})
}
