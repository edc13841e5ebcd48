package safetensors

import (
	"errors"
	"io"
)

// Builder collects the arguments of Save, and reports what is wrong with a tensor or a metadata entry
// when it is added. The zero value is empty. One goroutine at a time may use it.
type Builder struct {
	tensors  []SaveTensor
	metadata map[string]string
}

// declaration is the Source of a tensor that Declare added.
type declaration struct{}

func (declaration) ReadAt([]byte, int64) (int, error) {
	return 0, errors.New("the tensor was declared without bytes")
}

// Add adds a tensor. Its Data or Source must stay valid until the last save. Duplicate names fail when
// saving. Errors: those of Save that concern one tensor.
func (b *Builder) Add(t SaveTensor) error {
	if _, err := SaveSize([]SaveTensor{t}, nil); err != nil {
		return err
	}
	b.tensors = append(b.tensors, t)
	return nil
}

// Declare adds a tensor without bytes, for NewWriter and SaveSize. Saving it fails with
// ErrInvalidArgument.
func (b *Builder) Declare(name string, dtype DType, shape []uint64) error {
	return b.Add(SaveTensor{Name: name, DType: dtype, Shape: shape, Source: declaration{}})
}

// AddMetadata adds a metadata entry. It fails with ErrUTF8, and with ErrDuplicate if the key exists.
func (b *Builder) AddMetadata(key, value string) error {
	if _, err := SaveSize(nil, &SaveOptions{Metadata: map[string]string{key: value}}); err != nil {
		return err
	}
	return add(&b.metadata, key, value)
}

func add(entries *map[string]string, key, value string) error {
	if _, exists := (*entries)[key]; exists {
		return &Error{Code: ErrDuplicate, Message: "duplicate metadata key " + quote(key), Position: -1}
	}
	if *entries == nil {
		*entries = map[string]string{}
	}
	(*entries)[key] = value
	return nil
}

// options returns options with the metadata of the builder too.
func (b *Builder) options(options *SaveOptions) (*SaveOptions, error) {
	var all SaveOptions
	if options != nil {
		all = *options
	}
	all.Metadata = nil
	for _, entries := range []map[string]string{b.metadata, options.metadata()} {
		for key, value := range entries {
			if err := add(&all.Metadata, key, value); err != nil {
				return nil, err
			}
		}
	}
	return &all, nil
}

// save calls a function that needs the bytes of the tensors.
func (b *Builder) save(options *SaveOptions, function func(*SaveOptions) error) error {
	for i := range b.tensors {
		if _, ok := b.tensors[i].Source.(declaration); ok && b.tensors[i].size() > 0 {
			return invalidArgument("tensor %s was declared without bytes", quote(b.tensors[i].Name))
		}
	}
	all, err := b.options(options)
	if err != nil {
		return err
	}
	return function(all)
}

// Save is the function Save of the builder's tensors. The file has the builder's metadata and that of the
// options. The builder is unchanged and can save again.
func (b *Builder) Save(path string, options *SaveOptions) error {
	return b.save(options, func(all *SaveOptions) error { return Save(path, b.tensors, all) })
}

// SaveSize is the function SaveSize of the builder's tensors, also of those without bytes.
func (b *Builder) SaveSize(options *SaveOptions) (int64, error) {
	all, err := b.options(options)
	if err != nil {
		return 0, err
	}
	return SaveSize(b.tensors, all)
}

// Marshal is the function Marshal of the builder's tensors.
func (b *Builder) Marshal(options *SaveOptions) (data []byte, err error) {
	err = b.save(options, func(all *SaveOptions) error {
		data, err = Marshal(b.tensors, all)
		return err
	})
	return data, err
}

// WriteTo is the function Encode of the builder's tensors. It implements io.WriterTo.
func (b *Builder) WriteTo(w io.Writer) (n int64, err error) {
	err = b.save(nil, func(all *SaveOptions) error {
		n, err = Encode(w, b.tensors, all)
		return err
	})
	return n, err
}

// SaveSet is the function SaveSet of the builder's tensors.
func (b *Builder) SaveSet(directory string, set *SetOptions, options *SaveOptions) error {
	return b.save(options, func(all *SaveOptions) error { return SaveSet(directory, b.tensors, set, all) })
}

// NewWriter is the function NewWriter of the builder's tensors, whose bytes are ignored.
func (b *Builder) NewWriter(path string, options *SaveOptions) (*Writer, error) {
	all, err := b.options(options)
	if err != nil {
		return nil, err
	}
	return NewWriter(path, b.tensors, all)
}
