package safetensors

// #include "bridge.h"
import "C"

import "unsafe"

// Durability is what a successful save guarantees after a power failure.
type Durability uint32

// The guarantees.
const (
	DurabilityNone  Durability = C.ST_DURABILITY_NONE  // none: a power failure may lose the new file
	DurabilityFsync Durability = C.ST_DURABILITY_FSYNC // file and directory are synced with fsync
)

// Mode selects the permission bits of a saved file: ModeInherit, ModeUmask, or bits such as 0o640.
type Mode uint32

// The modes that are not permission bits.
const (
	ModeInherit Mode = C.ST_MODE_INHERIT // those of the replaced file; for a new file as ModeUmask
	ModeUmask   Mode = C.ST_MODE_UMASK   // 0o666 &^ umask, even if the file exists
)

// Link is what a save does with a symbolic link at the path.
type Link uint32

// The choices for symbolic links.
const (
	LinkReplace Link = C.ST_LINK_REPLACE // replace the link and leave the file that it points to unchanged
	LinkFollow  Link = C.ST_LINK_FOLLOW  // replace the file that the link points to
)

// SaveOptions are the options of the functions that save. The zero value, and nil, select the defaults.
type SaveOptions struct {
	Metadata     map[string]string // the entries of __metadata__
	MetadataForm MetadataForm      // __metadata__ of a file without entries
	Durability   Durability        // ignored for memory
	Mode         Mode              // ignored for memory
	Link         Link              // ignored for memory
	Alignment    uint64            // the tensor data begins at a multiple: a power of two from 8 to 65,536; 0: 8

	// Progress, if not nil, is called with the bytes written and their total. An error cancels the save
	// and becomes Error.Err. NewWriter ignores it.
	Progress func(done, total int64) error
}

// c converts the options for one call. The memory is that of the arena.
func (o *SaveOptions) c(a *arena, call C.uintptr_t) *C.st_save_options {
	options := (*C.st_save_options)(a.alloc(C.sizeof_st_save_options))
	options.size = C.sizeof_st_save_options
	if o == nil {
		return options
	}
	options.durability = C.uint32_t(o.Durability)
	options.mode = C.uint32_t(o.Mode)
	options.link = C.uint32_t(o.Link)
	options.metadata_form = C.uint32_t(o.MetadataForm)
	options.alignment = C.uint64_t(o.Alignment)
	options.metadata, options.metadata_count = a.entries(o.Metadata)
	if o.Progress != nil && call != 0 {
		C.stgo_set_progress(options, call)
	}
	return options
}

func (o *SaveOptions) metadata() map[string]string {
	if o == nil {
		return nil
	}
	return o.Metadata
}

func (o *SaveOptions) progress() func(done, total int64) error {
	if o == nil {
		return nil
	}
	return o.Progress
}

// entries copies a map to an array of entries, or to nil if it is empty.
func (a *arena) entries(from map[string]string) (*C.st_metadata_entry, C.uint64_t) {
	if len(from) == 0 {
		return nil, 0
	}
	first := (*C.st_metadata_entry)(a.alloc(len(from) * C.sizeof_st_metadata_entry))
	entries := unsafe.Slice(first, len(from))
	i := 0
	for key, value := range from {
		entries[i].size = C.sizeof_st_metadata_entry
		entries[i].key, entries[i].key_len = a.text(key), C.uint64_t(len(key))
		entries[i].value, entries[i].value_len = a.text(value), C.uint64_t(len(value))
		i++
	}
	return first, C.uint64_t(len(from))
}

// keys copies keys to an array of entries without values, or to nil if from is empty.
func (a *arena) keys(from []string) (*C.st_metadata_entry, C.uint64_t) {
	if len(from) == 0 {
		return nil, 0
	}
	first := (*C.st_metadata_entry)(a.alloc(len(from) * C.sizeof_st_metadata_entry))
	for i, key := range from {
		entry := &unsafe.Slice(first, len(from))[i]
		entry.size = C.sizeof_st_metadata_entry
		entry.key, entry.key_len = a.text(key), C.uint64_t(len(key))
	}
	return first, C.uint64_t(len(from))
}

// Split is how the tensors of a set are divided into shards.
type Split uint32

// The ways to divide.
const (
	SplitHub      Split = C.ST_SPLIT_HUB      // as huggingface_hub: in the order given
	SplitBalanced Split = C.ST_SPLIT_BALANCED // as few shards as possible, of similar sizes
)

// IndexFormat selects the bytes of an index.
type IndexFormat uint32

// The formats.
const (
	IndexHub    IndexFormat = C.ST_INDEX_HUB    // as huggingface_hub: entries in the order of the shards
	IndexSorted IndexFormat = C.ST_INDEX_SORTED // as transformers and diffusers: keys sorted, final newline
)

// SetOptions are the options of SaveSet, NewSetWriter and Consolidate. The zero value, and nil, select
// the defaults.
type SetOptions struct {
	MaxShardSize    uint64            // bytes of tensor data in a shard; 0: 5,000,000,000
	Split           Split             // NewSetWriter: SplitHub only
	IndexFormat     IndexFormat       // bytes of the index
	Resume          bool              // NewSetWriter keeps and reuses complete shards
	Stem            string            // the name before "-00001-of-00002.safetensors"; "": "model"
	Variant         string            // such as "fp16", for STEM.VARIANT.safetensors; "": none
	IndexMetadata   map[string]string // added to the index's metadata or, for one file, to the header's
	TotalParameters uint64            // not 0: the index's metadata has it, as transformers writes
}

// c converts the options for one call. The memory is that of the arena.
func (o *SetOptions) c(a *arena) *C.st_set_options {
	options := (*C.st_set_options)(a.alloc(C.sizeof_st_set_options))
	options.size = C.sizeof_st_set_options
	if o == nil {
		return options
	}
	options.max_shard_size = C.uint64_t(o.MaxShardSize)
	options.split = C.uint32_t(o.Split)
	options.index_format = C.uint32_t(o.IndexFormat)
	if o.Resume {
		options.resume = 1
	}
	if o.Stem != "" {
		options.stem, options.stem_len = a.text(o.Stem), C.uint64_t(len(o.Stem))
	}
	if o.Variant != "" {
		options.variant, options.variant_len = a.text(o.Variant), C.uint64_t(len(o.Variant))
	}
	options.index_metadata, options.index_metadata_count = a.entries(o.IndexMetadata)
	options.total_parameters = C.uint64_t(o.TotalParameters)
	return options
}
