/* libsafetensors: read and write safetensors files. The C ABI.
 *
 * This page is the manual. It compiles alone as C99 and as C++11, and needs no macro before it.
 *
 *   st_file *file = NULL;
 *   st_tensor *tensor = NULL;
 *   st_error error = ST_ERROR_INIT;
 *   if (st_open("model.safetensors", NULL, &file, &error) != ST_OK ||
 *       st_get_tensor(file, "lm_head.weight", 14, &tensor, &error) != ST_OK) {
 *     fprintf(stderr, "%s\n", error.message);
 *   } else {
 *     use(st_tensor_data(tensor), st_tensor_nbytes(tensor));
 *   }
 *   st_release(tensor);
 *   st_close(file);
 *
 * Rules that hold everywhere:
 *
 * Errors. Every function that can fail returns an st_status and takes an `st_error *` last, which
 * may be NULL. On failure every output is set to zero (structs keep their `size`), and nothing
 * is left half done.
 *
 * Structs. A struct that the caller fills or receives begins with `uint32_t size`: set it to
 * sizeof the struct first (the ST_*_INIT constants do). A size too small for the first release of
 * the struct is refused, and so are bytes beyond what this library knows unless they are zero.
 * A NULL options pointer means the defaults, and so do options whose other bytes are zero.
 * Arrays of such structs step by the `size` of their first element.
 *
 * Text. Names, metadata keys and values are pointer + length in bytes, always valid UTF-8, may
 * hold NUL and have none at their end. Paths are ordinary C strings in the file system's own bytes.
 *
 * Threads. Handles are immutable once made: any number of threads may read through one handle with
 * no lock. References are counted atomically. A handle must not be used once its last reference is
 * given back. st_builder is the exception: one thread at a time.
 *
 * Process. The library writes nothing to any stream, installs no signal handler, never exits
 * or aborts, and leaves errno and the locale as they were. Running out of memory is a status.
 */
#ifndef SAFETENSORS_SAFETENSORS_H
#define SAFETENSORS_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) || !defined(__GNUC__)
#define ST_API
#else
#define ST_API __attribute__((visibility("default")))
#endif

/* State Threads has an st_open too, and the dynamic linker takes whichever it meets first. Programs
 * compiled with this header therefore call ours by the name st_open_file; look-ups by name, as
 * through an FFI, find it as st_open in this library. */
#if defined(__ELF__) && defined(__GNUC__)
#define ST_SYMBOL(name) __asm__(name)
#else
#define ST_SYMBOL(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ----------------------------------------------------------------------------------
 */

/* The ABI number is the shared library's SONAME number. A program built against one ABI number
 * works with every later release of the same number. */
#define ST_ABI_VERSION 0

#define ST_VERSION_MAJOR 0
#define ST_VERSION_MINOR 1
#define ST_VERSION_PATCH 0

/* The version of the library in use: major * 1,000,000 + minor * 1,000 + patch. */
ST_API uint32_t st_version(void);

/* The same as text, "0.1.0". Static. */
ST_API const char* st_version_string(void);

/* ---- Status and error -------------------------------------------------------------------------
 */

/* One of the ST_OK and ST_E_ constants. Numbers are never reused; new ones may be added, so treat a
 * number you do not know as a failure of its group (1-19 call, 20-39 system, 40-69 file format,
 * 70-89 look-up). */
typedef int32_t st_status;

#define ST_OK 0
#define ST_E_INVALID_ARGUMENT 1  /* the call itself is wrong: NULL, bad size, unknown value */
#define ST_E_NO_MEMORY 2         /* memory, or address space for a mapping, ran out */
#define ST_E_INTERNAL 3          /* a defect of this library */
#define ST_E_UNSUPPORTED 4       /* valid, but this build or system cannot do it */
#define ST_E_CANCELLED 5         /* a progress callback asked to stop */
#define ST_E_IO 20               /* the system refused; st_error.os_error has its errno */
#define ST_E_NOT_FOUND 21        /* no such file or directory */
#define ST_E_PERMISSION 22       /* not allowed to open, create or replace it */
#define ST_E_NOT_REGULAR 23      /* a directory, FIFO, socket or device */
#define ST_E_TRUNCATED 24        /* the file became shorter than it was when it was opened */
#define ST_E_CHANGED 25          /* the file was modified since it was opened */
#define ST_E_HEADER_TOO_SMALL 40 /* fewer than the 8 bytes of the header length */
#define ST_E_HEADER_TOO_LARGE 41 /* header length over the cap */
#define ST_E_HEADER_LENGTH 42    /* header length reaches beyond the end of the file */
#define ST_E_UTF8 43             /* bytes that are not UTF-8 */
#define ST_E_JSON 44             /* the header is not JSON */
#define ST_E_SCHEMA 45           /* JSON, but not of the form that a header has */
#define ST_E_DUPLICATE 46        /* two tensors or two metadata keys of one name */
#define ST_E_DTYPE 47            /* a number that is no ST_DTYPE_ constant, or a name of none */
#define ST_E_OVERFLOW 48         /* element count or byte size beyond 64 bits */
#define ST_E_SUBBYTE 49          /* a tensor or slice of F4 or F6 that is not whole bytes */
#define ST_E_SIZE_MISMATCH 50    /* dtype and shape say one size, the bytes another */
#define ST_E_OFFSET 51           /* data offsets with a hole, an overlap or out of order */
#define ST_E_COVERAGE 52         /* the tensors end before or after the end of the file */
#define ST_E_TENSOR_NOT_FOUND 70 /* no tensor of that name */
#define ST_E_OUT_OF_RANGE 71     /* index or slice bounds beyond the end */
#define ST_E_BUFFER_TOO_SMALL 72 /* the caller's buffer cannot hold the bytes */

/* "ST_E_JSON" and so on; "unknown" for a number that is none. Static. */
ST_API const char* st_status_name(st_status status);

#define ST_NO_POSITION UINT64_MAX
#define ST_MESSAGE_SIZE 256

/* What went wrong. The caller's own: nothing in it needs to be freed, and it may live on the stack.
 * A call that succeeds sets code, os_error and message to zero and position to ST_NO_POSITION. */
typedef struct st_error {
  uint32_t size;                 /* sizeof(st_error), set by the caller */
  st_status code;                /* what the call returned */
  int32_t os_error;              /* errno of the system call that failed, else 0 */
  int32_t reserved;              /* 0 */
  uint64_t position;             /* byte offset in the file that it is about, else ST_NO_POSITION */
  char message[ST_MESSAGE_SIZE]; /* one line of printable UTF-8, NUL-terminated: what was found,
                                    what was expected, where; names in it are escaped and cut */
} st_error;

#define ST_ERROR_INIT               \
  {                                 \
    sizeof(st_error), 0, 0, 0, 0, { \
      0                             \
    }                               \
  }

/* ---- Dtypes -----------------------------------------------------------------------------------
 */

/* In the order in which tensors are laid out in a file, last first. */
#define ST_DTYPE_BOOL 1
#define ST_DTYPE_F4 2
#define ST_DTYPE_F6_E2M3 3
#define ST_DTYPE_F6_E3M2 4
#define ST_DTYPE_U8 5
#define ST_DTYPE_I8 6
#define ST_DTYPE_F8_E5M2 7
#define ST_DTYPE_F8_E4M3 8
#define ST_DTYPE_F8_E8M0 9
#define ST_DTYPE_F8_E4M3FNUZ 10
#define ST_DTYPE_F8_E5M2FNUZ 11
#define ST_DTYPE_I16 12
#define ST_DTYPE_U16 13
#define ST_DTYPE_F16 14
#define ST_DTYPE_BF16 15
#define ST_DTYPE_I32 16
#define ST_DTYPE_U32 17
#define ST_DTYPE_F32 18
#define ST_DTYPE_C64 19 /* complex, two F32 */
#define ST_DTYPE_F64 20
#define ST_DTYPE_I64 21
#define ST_DTYPE_U64 22

/* The dtype's name in a header ("BF16"), NULL for a number that is none. Static. */
ST_API const char* st_dtype_name(uint32_t dtype);

/* Bits of one element (BF16: 16, F4: 4), 0 for a number that is none. */
ST_API uint32_t st_dtype_bits(uint32_t dtype);

/* The dtype of a name. Fails with ST_E_DTYPE. */
ST_API st_status st_dtype_from_name(const char* name, uint64_t name_len, uint32_t* dtype,
                                    st_error* error);

/* ---- Open -------------------------------------------------------------------------------------
 */

/* A checked safetensors file, or memory that holds one. */
typedef struct st_file st_file;

#define ST_BACKEND_AUTO                                                            \
  0 /* map local files; read where a mapping hurts (network file systems, FUSE) or \
       cannot be had */
#define ST_BACKEND_MMAP                                                      \
  1 /* map the file: bytes without a copy. Whoever shortens the file under a \
       mapping makes its readers fail with SIGBUS */
#define ST_BACKEND_PREAD 2 /* read the bytes that are asked for into memory of their own */

#define ST_STRICTNESS_COMPATIBLE 0 /* accept what the reference implementation accepts */
#define ST_STRICT                                                                       \
  1 /* also refuse whitespace before the header's {, padding other than spaces, unknown \
       fields of a tensor's entry, and null metadata */

#define ST_MAPPING_READ_ONLY 0
#define ST_MAPPING_COPY_ON_WRITE 1 /* mapped bytes may be written to; the file never changes */

#define ST_MEMORY_BORROW 0 /* st_open_memory uses the caller's bytes where they are */
#define ST_MEMORY_COPY 1   /* st_open_memory copies them */

typedef struct st_open_options {
  uint32_t size;       /* sizeof(st_open_options) */
  uint32_t backend;    /* ST_BACKEND_; for paths and descriptors only */
  uint32_t strictness; /* ST_STRICTNESS_COMPATIBLE or ST_STRICT */
  uint32_t mapping;    /* ST_MAPPING_ */
  uint32_t memory;     /* ST_MEMORY_; for st_open_memory only */
  uint32_t reserved;   /* 0 */
  uint64_t
      max_header_size; /* bytes; 0 means the format's own limit, 100,000,000, and more is refused */
} st_open_options;

#define ST_OPEN_OPTIONS_INIT \
  { sizeof(st_open_options), 0, 0, 0, 0, 0, 0 }

/* Opens a file, reads its header and checks all of it. Follows symbolic links; never blocks on a
 * FIFO. No tensor data is read. Close *file with st_close. Errors: ST_E_NOT_FOUND, ST_E_PERMISSION,
 * ST_E_NOT_REGULAR, ST_E_IO, ST_E_TRUNCATED, and every file format error. */
ST_API st_status st_open(const char* path, const st_open_options* options, st_file** file,
                         st_error* error) ST_SYMBOL("st_open_file");

/* The same for an open descriptor of a regular file. The descriptor is duplicated: it stays the
 * caller's, and its file position is neither used nor moved. */
ST_API st_status st_open_fd(int fd, const st_open_options* options, st_file** file,
                            st_error* error);

/* The same for `nbytes` bytes of memory. Unless they are copied (ST_MEMORY_COPY), they must stay as
 * they are until `release(user_data)` is called, once, by the thread that gives back the last of
 * the file and the tensors got from it. `release` may be NULL: then they must outlive all of these.
 * If the call fails, `release` is not called and the bytes stay the caller's. `release` goes with
 * borrowed bytes only. */
ST_API st_status st_open_memory(const void* bytes, uint64_t nbytes,
                                void (*release)(void* user_data), void* user_data,
                                const st_open_options* options, st_file** file, st_error* error);

/* Bytes that the caller reads itself: an archive member, an object store, a decrypting layer. */
typedef struct st_io {
  uint32_t size;     /* sizeof(st_io) */
  uint32_t reserved; /* 0 */
  uint64_t nbytes;   /* length of the whole file in bytes */
  void* user_data;   /* handed to the callbacks */
  /* Fills `buffer` with exactly `nbytes` bytes from `offset`. Returns 0, or an errno value that
   * becomes st_error.os_error of an ST_E_IO. Never asked to read beyond the file's end. Called on
   * the thread that called into this library; from several at once if the caller's threads do so.
   */
  int32_t (*read_at)(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes);
  /* May be NULL. Called once when nothing reads any more; not called if st_open_io fails. */
  void (*release)(void* user_data);
} st_io;

/* The same through the caller's callbacks; `io` itself is copied. */
ST_API st_status st_open_io(const st_io* io, const st_open_options* options, st_file** file,
                            st_error* error);

/* One more reference to the file; returns `file`. */
ST_API st_file* st_ref(st_file* file);

/* Gives back one reference; the last one closes. NULL is allowed and does nothing. Tensors that
 * were got from the file stay valid. */
ST_API void st_close(st_file* file);

/* Whether the file still has the size and modification time that it had when it was opened. Fails
 * with ST_E_TRUNCATED or ST_E_CHANGED. Memory and callbacks count as unchanged, and so does a file
 * whose path another one has taken, as after st_save: this one is as it was. */
ST_API st_status st_verify_unchanged(const st_file* file, st_error* error);

/* ---- Look -------------------------------------------------------------------------------------
 */

/* One tensor's entry in the header. The pointers live as long as the handle they were got from (the
 * st_file, or the st_tensor). */
typedef struct st_tensor_info {
  uint32_t size;         /* sizeof(st_tensor_info), set by the caller */
  uint32_t dtype;        /* ST_DTYPE_ */
  uint64_t rank;         /* number of dimensions; 0 for a scalar */
  const uint64_t* shape; /* `rank` extents, in elements; not NULL even when rank is 0 */
  const char* name;      /* `name_len` bytes; not NULL even when empty */
  uint64_t name_len;
  uint64_t nbytes;      /* bytes of data */
  uint64_t file_offset; /* where they begin, counted from the first byte of the file */
} st_tensor_info;

#define ST_TENSOR_INFO_INIT \
  { sizeof(st_tensor_info), 0, 0, NULL, NULL, 0, 0, 0 }

#define ST_ORDER_FILE 0 /* by place in the file */
#define ST_ORDER_NAME 1 /* by the bytes of the name */

/* Number of tensors; 0 for NULL. */
ST_API uint64_t st_tensor_count(const st_file* file);

/* The tensor at `index` in that order. Fails with ST_E_OUT_OF_RANGE. */
ST_API st_status st_tensor_at(const st_file* file, uint32_t order, uint64_t index,
                              st_tensor_info* info, st_error* error);

/* The tensor of that name. Fails with ST_E_TENSOR_NOT_FOUND. */
ST_API st_status st_find(const st_file* file, const char* name, uint64_t name_len,
                         st_tensor_info* info, st_error* error);

/* One key and its value in the header's __metadata__. Received from a file, the pointers live as
 * long as it; they are not NULL even when empty. */
typedef struct st_metadata_entry {
  uint32_t size; /* sizeof(st_metadata_entry), set by the caller */
  uint32_t reserved;
  const char* key;
  uint64_t key_len;
  const char* value;
  uint64_t value_len;
} st_metadata_entry;

#define ST_METADATA_ENTRY_INIT \
  { sizeof(st_metadata_entry), 0, NULL, 0, NULL, 0 }

/* Number of metadata entries; 0 for NULL. */
ST_API uint64_t st_metadata_count(const st_file* file);

/* The entry at `index`, ordered by the bytes of the key. Fails with ST_E_OUT_OF_RANGE. */
ST_API st_status st_metadata_at(const st_file* file, uint64_t index, st_metadata_entry* entry,
                                st_error* error);

/* The value of a key. A key that is not there is no error: *value is then NULL. A value that is
 * there is never NULL, even when empty. */
ST_API st_status st_metadata_find(const st_file* file, const char* key, uint64_t key_len,
                                  const char** value, uint64_t* value_len, st_error* error);

/* Length in bytes of the header with the 8 bytes before it: where the tensors' data begins. 0 for
 * NULL. */
ST_API uint64_t st_data_offset(const st_file* file);

/* ---- Get --------------------------------------------------------------------------------------
 */

/* One tensor's bytes and whatever keeps them alive. Independent of the st_file it came from, which
 * may be closed. Its bytes are little-endian, dense, in row-major order. */
typedef struct st_tensor st_tensor;

/* The tensor of that name, its bytes ready. Mapped files and memory: no copy, and the bytes lie
 * where the file has them, which need not be a multiple of the element's size. Otherwise: read into
 * memory of its own, aligned to 64 bytes. Give *tensor back with st_release. Errors:
 * ST_E_TENSOR_NOT_FOUND, ST_E_TRUNCATED, ST_E_IO, ST_E_NO_MEMORY. */
ST_API st_status st_get_tensor(const st_file* file, const char* name, uint64_t name_len,
                               st_tensor** tensor, st_error* error);

/* The same by its index in that order. Fails with ST_E_OUT_OF_RANGE. */
ST_API st_status st_get_tensor_at(const st_file* file, uint32_t order, uint64_t index,
                                  st_tensor** tensor, st_error* error);

/* One more reference to the tensor; returns `tensor`. */
ST_API st_tensor* st_tensor_ref(st_tensor* tensor);

/* Gives back one reference; the last one frees or unmaps. NULL is allowed and does nothing. */
ST_API void st_release(st_tensor* tensor);

/* The bytes; NULL for NULL, and not NULL otherwise even when there are none. */
ST_API const void* st_tensor_data(const st_tensor* tensor);

/* The same bytes where they may be written to (read into memory of their own, or mapped
 * copy-on-write), else NULL. Writes never reach the file. The caller orders its own writes. */
ST_API void* st_tensor_mutable_data(st_tensor* tensor);

/* Number of bytes; 0 for NULL. */
ST_API uint64_t st_tensor_nbytes(const st_tensor* tensor);

/* Its entry in the header; the pointers live as long as `tensor`. */
ST_API st_status st_tensor_describe(const st_tensor* tensor, st_tensor_info* info, st_error* error);

/* Reads a tensor's bytes into the caller's `buffer` of `buffer_size` bytes. If the call fails the
 * buffer's content is unspecified.
 * Errors: as st_get_tensor, and ST_E_BUFFER_TOO_SMALL. */
ST_API st_status st_read_tensor(const st_file* file, const char* name, uint64_t name_len,
                                void* buffer, uint64_t buffer_size, st_error* error);

/* Reads `nbytes` bytes from `file_offset`, counted from the first byte of the file: pieces of
 * tensors too large for one buffer, on their way to a device or through a checksum. Errors: as
 * st_read_tensor; ST_E_OUT_OF_RANGE beyond the end of the file. */
ST_API st_status st_read_at(const st_file* file, uint64_t file_offset, void* buffer,
                            uint64_t nbytes, st_error* error);

/* Reads the elements starts[d] <= i < stops[d] of each dimension d, packed in row-major order, into
 * the caller's buffer; reads no more of the file than that takes, rounded up to sensible pieces.
 * `rank` is the tensor's own. *nbytes, which may be NULL, is set to the bytes that the slice has;
 * with `buffer` NULL and `buffer_size` 0 that is all that is done. Errors: as st_read_tensor;
 * ST_E_INVALID_ARGUMENT for another rank; ST_E_OUT_OF_RANGE where start <= stop <= extent does not
 * hold; ST_E_SUBBYTE where a piece is not whole bytes. */
ST_API st_status st_read_slice(const st_file* file, const char* name, uint64_t name_len,
                               const uint64_t* starts, const uint64_t* stops, uint64_t rank,
                               void* buffer, uint64_t buffer_size, uint64_t* nbytes,
                               st_error* error);

/* ---- Save -------------------------------------------------------------------------------------
 */

/* A tensor to be written. Everything is borrowed until the call returns. The bytes are either at
 * `data`, or what `fill` puts into the pieces it is asked for: exactly one of the two is given,
 * except that a tensor of no bytes needs neither. */
typedef struct st_save_tensor {
  uint32_t size;    /* sizeof(st_save_tensor) */
  uint32_t dtype;   /* ST_DTYPE_ */
  const char* name; /* `name_len` bytes of UTF-8, not "__metadata__" */
  uint64_t name_len;
  const uint64_t* shape; /* `rank` extents; NULL only when rank is 0 */
  uint64_t rank;
  const void* data; /* `nbytes` bytes, little-endian, dense, row-major */
  uint64_t nbytes;  /* must be what dtype and shape say */
  /* Fills `buffer` with the tensor's `nbytes` bytes from `offset`. Returns 0, or an errno value
   * that becomes st_error.os_error of an ST_E_IO, or -1, which becomes ST_E_CANCELLED. Called in
   * ascending order of offset, on the thread that saves. */
  int32_t (*fill)(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes);
  void* user_data; /* handed to `fill` */
} st_save_tensor;

#define ST_SAVE_TENSOR_INIT \
  { sizeof(st_save_tensor), 0, NULL, 0, NULL, 0, NULL, 0, NULL, NULL }

#define ST_DURABILITY_NONE 0  /* the file is whole at every instant, but a power loss may lose it \
                               */
#define ST_DURABILITY_FSYNC 1 /* the file and its directory are on the disk when the call returns \
                               */

typedef struct st_save_options {
  uint32_t size;       /* sizeof(st_save_options) */
  uint32_t durability; /* ST_DURABILITY_; ignored for memory */
  uint32_t mode; /* permission bits of the file; 0: those of the file that is replaced, or 0666 less
                    the umask for a new one */
  uint32_t
      empty_metadata; /* 1: where there are no entries, write an empty __metadata__, as the
                         reference implementation does when it is handed an empty map; else 0 */
  uint64_t
      alignment; /* the tensors' data begins at a multiple of this many bytes: a power of two from 8
                    to 65,536; 0 means 8, which is what the reference implementation writes */
  const st_metadata_entry* metadata; /* `metadata_count` entries, or NULL */
  uint64_t metadata_count;
  /* May be NULL. Called on the saving thread with the bytes of the file that are written and those
   * it will have; returns 0 to go on, anything else to stop with ST_E_CANCELLED. */
  int32_t (*progress)(void* user_data, uint64_t done, uint64_t total);
  void* user_data; /* handed to `progress` */
} st_save_options;

#define ST_SAVE_OPTIONS_INIT \
  { sizeof(st_save_options), 0, 0, 0, 0, NULL, 0, NULL, NULL }

/* Writes a file: all of it, or none. The tensors may be given in any order: the file holds them as
 * the reference implementation orders them (dtype descending, then name), and equal input gives
 * equal bytes. With count 0, `tensors` may be NULL.
 *
 * The new file is written beside `path` and takes its place in one step once it is complete:
 * whoever opens `path` finds the old file or the new one, never a mixture, and a failure leaves the
 * old one and nothing else. Symbolic links are written through. Saving over the file that the
 * tensors themselves are mapped from is correct. Hard links and extended attributes of the old file
 * are not carried over. A file over the process's own limit (RLIMIT_FSIZE) is an ST_E_IO with EFBIG
 * where SIGXFSZ is ignored; otherwise the kernel ends the process with that signal.
 *
 * Errors, before the first byte is written: ST_E_DUPLICATE, ST_E_INVALID_ARGUMENT (a tensor called
 * "__metadata__"), ST_E_UTF8, ST_E_DTYPE, ST_E_OVERFLOW, ST_E_SUBBYTE, ST_E_SIZE_MISMATCH,
 * ST_E_HEADER_TOO_LARGE, ST_E_NOT_REGULAR, ST_E_NOT_FOUND, ST_E_PERMISSION. Later: ST_E_IO,
 * ST_E_CANCELLED. */
ST_API st_status st_save(const char* path, const st_save_tensor* tensors, uint64_t count,
                         const st_save_options* options, st_error* error);

/* Size in bytes of the file that st_save would write; no data is looked at. Errors: those that
 * st_save gives before it touches the file system. */
ST_API st_status st_save_size(const st_save_tensor* tensors, uint64_t count,
                              const st_save_options* options, uint64_t* nbytes, st_error* error);

/* Writes the same bytes into the caller's buffer. *nbytes, which may be NULL, is set to their
 * number. Fails with ST_E_BUFFER_TOO_SMALL before anything is written. */
ST_API st_status st_save_memory(const st_save_tensor* tensors, uint64_t count,
                                const st_save_options* options, void* buffer, uint64_t buffer_size,
                                uint64_t* nbytes, st_error* error);

/* ---- Build one tensor at a time -----------------------------------------------------------------
 */

/* Collects what st_save takes, for languages where an array of structs is awkward. Names, shapes,
 * keys and values are copied; the tensors' bytes are borrowed until the last save. */
typedef struct st_builder st_builder;

/* Makes an empty builder. Give it back with st_builder_free. */
ST_API st_status st_builder_new(st_builder** builder, st_error* error);

/* NULL is allowed and does nothing. */
ST_API void st_builder_free(st_builder* builder);

/* Adds a tensor of `nbytes` bytes at `data`. The tensor is checked at once, its name against the
 * others when saving. */
ST_API st_status st_builder_add(st_builder* builder, const char* name, uint64_t name_len,
                                uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                const void* data, uint64_t nbytes, st_error* error);

/* Adds a tensor whose bytes `fill` gives, as in st_save_tensor. */
ST_API st_status st_builder_add_fill(st_builder* builder, const char* name, uint64_t name_len,
                                     uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                     uint64_t nbytes,
                                     int32_t (*fill)(void* user_data, uint64_t offset, void* buffer,
                                                     uint64_t nbytes),
                                     void* user_data, st_error* error);

/* Adds a metadata entry. Two of one key fail with ST_E_DUPLICATE when saving. */
ST_API st_status st_builder_add_metadata(st_builder* builder, const char* key, uint64_t key_len,
                                         const char* value, uint64_t value_len, st_error* error);

/* As st_save, st_save_size and st_save_memory. Metadata in the options comes on top of the
 * builder's. The builder stays as it is and can save again. */
ST_API st_status st_builder_save(const st_builder* builder, const char* path,
                                 const st_save_options* options, st_error* error);
ST_API st_status st_builder_save_size(const st_builder* builder, const st_save_options* options,
                                      uint64_t* nbytes, st_error* error);
ST_API st_status st_builder_save_memory(const st_builder* builder, const st_save_options* options,
                                        void* buffer, uint64_t buffer_size, uint64_t* nbytes,
                                        st_error* error);

#ifdef __cplusplus
}
#endif

#endif
