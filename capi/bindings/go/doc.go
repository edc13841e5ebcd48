// Package safetensors reads and writes safetensors files: zero-copy from mapped files, through the C
// library libsafetensors.
//
//	file, err := safetensors.Open("model.safetensors", nil)
//	if err != nil {
//		return err
//	}
//	defer file.Close()
//	weight, err := safetensors.Read[float32](file, "lm_head.weight")
//
// A File has the header of a file, and of all shards of a model that OpenSet opened. Read and ReadSlice
// read into memory of Go. File.Tensor returns the bytes without a copy, as memory that is not Go's: see
// Tensor for how long it is valid, and As, View and Copy for its elements. Save, Marshal, Encode and
// SaveSet write tensors that are in memory or in an io.ReaderAt; NewWriter and NewSetWriter write them in
// pieces; EditMetadata changes a header.
//
// # Errors
//
// Every error of the library is an *Error, with a Code that errors.Is matches. ErrClosed is the error of
// a File, Tensor, Writer or SetWriter that was closed.
//
// # Functions of the caller
//
// An io.ReaderAt, an io.Writer and a progress function are called while the call of the package waits, in
// most cases on another goroutine. An error that they return is Error.Err of the call. If one panics or
// calls runtime.Goexit, as testing.T.FailNow does, the library ends the call first; then the panic or
// Goexit continues in the goroutine that called the package. These functions may use the package.
//
// # Memory
//
// C keeps no pointer to memory of Go when a call has returned, and gets none to memory that contains
// pointers. The garbage collector does not count the bytes of a Tensor: close large Tensors and Files
// early, rather than leaving them to it.
package safetensors
