/**
 * @file safetensors.h
 * libsafetensors: read and write safetensors files. The C ABI.
 *
 * This header is the reference manual. It compiles as C99 and as C++11 and requires no macro.
 *
 *     st_file* file = NULL;
 *     st_tensor* tensor = NULL;
 *     st_error error = ST_ERROR_INIT;
 *     if (st_open("model.safetensors", NULL, &file, &error) != ST_OK ||
 *         st_get_tensor(file, "lm_head.weight", 14, &tensor, &error) != ST_OK) {
 *       fprintf(stderr, "%s\n", error.message);
 *     } else {
 *       use(st_tensor_data(tensor), st_tensor_nbytes(tensor));
 *     }
 *     st_tensor_unref(tensor);
 *     st_close(file);
 *
 * Rules for every function:
 *
 * Errors. A function that can fail returns an st_status and takes an `st_error*` as its last
 * parameter, which may be NULL. On failure the function sets every output to zero (structs keep
 * their `size`) and has no other effect, unless stated otherwise. Besides the errors listed at a
 * function, each can fail with ST_E_INVALID_ARGUMENT, ST_E_NO_MEMORY and ST_E_INTERNAL, and each
 * that reads through callbacks with ST_E_IO and ST_E_CANCELLED.
 *
 * Struct sizes. Every struct begins with `uint32_t size`, the size of the struct that the caller
 * was compiled with; the ST_*_INIT initializers set it. 0, as in zeroed memory, means the size in
 * the first release, ST_*_SIZE_VER0: fields that later releases append are then ignored. A size is
 * a multiple of 8, at least ST_*_SIZE_VER0 and at most 4096; others fail with
 * ST_E_INVALID_ARGUMENT, without a message if it is st_error.size. An input struct that is larger
 * than the library's is accepted if its unknown bytes are zero; in an output struct the library
 * sets its unknown bytes to zero. The elements of an array of structs have equal sizes. The structs
 * that are passed in arrays, st_save_tensor and st_metadata_entry, never grow: they have reserved
 * fields. A field that is zero always selects the default, and a NULL options pointer selects every
 * default. Reserved fields must be 0 in input.
 *
 * Enumerations. The constants are enumerators with fixed values; parameters and fields have
 * fixed-width integer types. Values are never reused. Unknown values fail with
 * ST_E_INVALID_ARGUMENT.
 *
 * Text. Names, metadata keys and metadata values are a pointer and a length in bytes; the pointer
 * may be NULL if the length is 0. They are valid UTF-8, may contain NUL, and are not
 * NUL-terminated. Paths are NUL-terminated strings in the encoding of the file system.
 *
 * Callbacks return 0 to continue, an errno value (> 0) to fail with ST_E_IO and that os_error, or
 * a negative number to cancel with ST_E_CANCELLED. The library calls them on the thread that
 * called it, never for 0 bytes, and they may call the library. A C++ exception that leaves a
 * callback cancels the call, and the message contains its text. pthread_exit is allowed. Other ways
 * to leave a callback (longjmp, a Rust panic, an error of Lua) are undefined behaviour.
 *
 * Threads. Handles are immutable: any number of threads may read through one handle without a
 * lock. Reference counts are atomic. A handle must not be used after its last reference is
 * released. st_builder, st_writer, st_set_writer and st_set_stage are the exceptions, as stated
 * there.
 *
 * Process. The library writes to no stream, installs no signal handler, never calls exit or abort,
 * and preserves errno and the locale. Out of memory is a status. Thread cancellation
 * (pthread_cancel) is deferred while a call runs. The shared library stays loaded after dlclose, so
 * that handles outlive the plugin that loaded it.
 */
#ifndef SAFETENSORS_SAFETENSORS_H
#define SAFETENSORS_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

/* Programs may define ST_API before they include this header. */
#ifndef ST_API
#if defined(_WIN32)
#define ST_API
#elif defined(__GNUC__) || defined(__clang__) || defined(__TINYC__)
#define ST_API __attribute__((visibility("default")))
#else
#define ST_API
#endif
#endif

/* State Threads exports an st_open too, and the dynamic linker binds whichever it finds first.
 * Programs compiled with this header therefore call this library's st_open by the symbol
 * st_open_file; dlsym(library, "st_open") finds it as well. */
#if defined(__ELF__) && (defined(__GNUC__) || defined(__clang__))
#define ST_SYMBOL(name) __asm__(name)
#else
#define ST_SYMBOL(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version --------------------------------------------------------------------------------- */

/** The ABI number: the number in the shared library's SONAME. A program that was linked against one
 * ABI number works with every later release of the same number. */
#define ST_ABI_VERSION 0

#define ST_VERSION_MAJOR 0 /**< Major version of this header. */
#define ST_VERSION_MINOR 1 /**< Minor version of this header. */
#define ST_VERSION_PATCH 0 /**< Patch version of this header. */

/** Version of the library in use: major * 1,000,000 + minor * 1,000 + patch. @since 0.1 */
ST_API uint32_t st_version(void);

/** Version of the library in use as text, "0.1.0". Static. @since 0.1 */
ST_API const char* st_version_string(void);

/* ---- Status and error ------------------------------------------------------------------------ */

/** ST_OK or an ST_E_ constant. Releases may add codes: treat an unknown code as a failure of its
 * group (1-19 call, 20-39 system, 40-69 file format, 70-89 look-up, 90-109 sets and writers).
 * @since 0.1 */
typedef int32_t st_status;

/** Values of st_status. @since 0.1 */
enum st_status_code {
  ST_STATUS_MINIMUM = -1, /**< Never returned: gives the enumeration the signedness of st_status. */
  ST_OK = 0,              /**< Success. */
  ST_E_INVALID_ARGUMENT = 1,  /**< The call is invalid: NULL, a bad size, an unknown value. */
  ST_E_NO_MEMORY = 2,         /**< Memory, or address space for a mapping, is exhausted. */
  ST_E_INTERNAL = 3,          /**< A defect of this library. */
  ST_E_UNSUPPORTED = 4,       /**< Valid, but not supported by this build or system. */
  ST_E_CANCELLED = 5,         /**< A callback cancelled the call. */
  ST_E_IO = 20,               /**< A system call or callback failed: see st_error.os_error. */
  ST_E_NOT_FOUND = 21,        /**< No such file or directory. */
  ST_E_PERMISSION = 22,       /**< No permission to open, create or replace the file. */
  ST_E_NOT_REGULAR = 23,      /**< A directory, FIFO, socket or device. */
  ST_E_TRUNCATED = 24,        /**< The file is shorter than when it was opened. */
  ST_E_CHANGED = 25,          /**< The file was modified after it was opened. */
  ST_E_HEADER_TOO_SMALL = 40, /**< Fewer bytes than the 8 of the header length. */
  ST_E_HEADER_TOO_LARGE = 41, /**< The header length exceeds the limit. */
  ST_E_HEADER_LENGTH = 42,    /**< The header length exceeds the file. */
  ST_E_UTF8 = 43,             /**< Invalid UTF-8. */
  ST_E_JSON = 44,             /**< The header is not valid JSON. */
  ST_E_SCHEMA = 45,           /**< Valid JSON, but not a safetensors header. */
  ST_E_DUPLICATE = 46,        /**< Duplicate tensor name or metadata key. */
  ST_E_DTYPE = 47,            /**< Unknown dtype value or name; in a file, perhaps a newer dtype. */
  ST_E_OVERFLOW = 48,         /**< Element count or byte size exceeds 64 bits. */
  ST_E_SUBBYTE = 49,          /**< A tensor or slice of F4 or F6 is not a whole number of bytes. */
  ST_E_SIZE_MISMATCH = 50,    /**< dtype and shape do not match the number of bytes. */
  ST_E_OFFSET = 51,           /**< Data offsets with a gap, an overlap or a negative length. */
  ST_E_COVERAGE = 52,         /**< The tensors end before or after the end of the file. */
  ST_E_TENSOR_NOT_FOUND = 70, /**< No tensor has this name. */
  ST_E_OUT_OF_RANGE = 71,     /**< An index or slice bound exceeds the end. */
  ST_E_BUFFER_TOO_SMALL = 72, /**< The caller's buffer is smaller than the data. */
  ST_E_METADATA_NOT_FOUND = 73, /**< No metadata entry has this key. */
  ST_E_SET_INDEX = 90,          /**< The file is not a valid index of a set. */
  ST_E_SET_PATH = 91,           /**< A shard's path in the index could leave the directory. */
  ST_E_SET_SHARD_MISSING = 92,  /**< A shard of the index does not exist. */
  ST_E_SET_TENSOR_MISSING = 93, /**< A shard lacks a tensor that the index assigns to it. */
  ST_E_SET_AMBIGUOUS = 94,      /**< The directory contains more than one set. */
  ST_E_INCOMPLETE = 95          /**< Bytes of a writer's tensors, or of a tensor's parts, are
                                   missing. */
};

/** Name of a status, "ST_E_JSON"; "unknown" for an unknown value. Static. @since 0.1 */
ST_API const char* st_status_name(st_status status);

/** st_error.position of an error without a position. @since 0.1 */
#define ST_NO_POSITION 0x7FFFFFFFFFFFFFFF

/** Size of st_error.message. @since 0.1 */
enum st_message_size { ST_MESSAGE_SIZE = 256 };

/** Description of a failure. The caller owns it: it holds no pointer and needs no cleanup. A
 * successful call sets code, os_error and message to zero and position to ST_NO_POSITION.
 * @since 0.1 */
typedef struct st_error {
  uint32_t size;                 /**< sizeof(st_error), set by the caller; see Struct sizes */
  st_status code;                /**< the status that the call returned */
  int32_t os_error;              /**< errno of the failed system call or callback, else 0 */
  int32_t reserved;              /**< 0 */
  uint64_t position;             /**< byte offset of the error in the file, or ST_NO_POSITION */
  char message[ST_MESSAGE_SIZE]; /**< one line of printable UTF-8, NUL-terminated: what was found,
                                    what was expected, where; names are escaped and shortened */
} st_error;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_ERROR_INIT \
  { sizeof(st_error), 0, 0, 0, 0, "" }

/* ---- Dtypes ---------------------------------------------------------------------------------- */

/** Element types. The values are identifiers and say nothing about the order of tensors in a file.
 * @since 0.1 */
enum st_dtype {
  ST_DTYPE_BOOL = 1,
  ST_DTYPE_F4 = 2,
  ST_DTYPE_F6_E2M3 = 3,
  ST_DTYPE_F6_E3M2 = 4,
  ST_DTYPE_U8 = 5,
  ST_DTYPE_I8 = 6,
  ST_DTYPE_F8_E5M2 = 7,
  ST_DTYPE_F8_E4M3 = 8,
  ST_DTYPE_F8_E8M0 = 9,
  ST_DTYPE_F8_E4M3FNUZ = 10,
  ST_DTYPE_F8_E5M2FNUZ = 11,
  ST_DTYPE_I16 = 12,
  ST_DTYPE_U16 = 13,
  ST_DTYPE_F16 = 14,
  ST_DTYPE_BF16 = 15,
  ST_DTYPE_I32 = 16,
  ST_DTYPE_U32 = 17,
  ST_DTYPE_F32 = 18,
  ST_DTYPE_C64 = 19, /**< complex, two F32 */
  ST_DTYPE_F64 = 20,
  ST_DTYPE_I64 = 21,
  ST_DTYPE_U64 = 22
};

/** Name of a dtype as in a header, "BF16"; NULL for an unknown value. Static. @since 0.1 */
ST_API const char* st_dtype_name(uint32_t dtype);

/** Bits per element (BF16: 16, F4: 4); 0 for an unknown value. @since 0.1 */
ST_API uint32_t st_dtype_bits(uint32_t dtype);

/** The dtype with this name. Fails with ST_E_DTYPE. @since 0.1 */
ST_API st_status st_dtype_from_name(const char* name, uint64_t name_len, uint32_t* dtype,
                                    st_error* error);

/* ---- Callbacks ------------------------------------------------------------------------------- */

/** Reads exactly `nbytes` bytes at `offset` of a file into `buffer`. @since 0.1 */
typedef int32_t (*st_read_at_fn)(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes);

/** Fills `buffer` with `nbytes` bytes at `offset` of a tensor. @since 0.1 */
typedef int32_t (*st_fill_fn)(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes);

/** Receives `nbytes` bytes of a file to append. `offset` is the number of bytes before them.
 * @since 0.1 */
typedef int32_t (*st_write_fn)(void* user_data, uint64_t offset, const void* buffer,
                               uint64_t nbytes);

/** Receives the number of bytes processed so far and their total. @since 0.1 */
typedef int32_t (*st_progress_fn)(void* user_data, uint64_t done, uint64_t total);

/** Releases the resource of `user_data`. Must not throw and must not end the thread. @since 0.1 */
typedef void (*st_release_fn)(void* user_data);

/* ---- Open ------------------------------------------------------------------------------------ */

/** A validated safetensors file. @since 0.1 */
typedef struct st_file st_file;

/** How the library reads a path or descriptor. @since 0.1 */
enum st_backend {
  ST_BACKEND_AUTO = 0, /**< mmap; pread on network file systems, on FUSE and where mmap fails */
  ST_BACKEND_MMAP = 1, /**< map the file: no copy. Truncating a mapped file raises SIGBUS in threads
                          that access the removed pages. */
  ST_BACKEND_PREAD = 2 /**< read into memory when data is requested */
};

/** How strictly a header is validated. @since 0.1 */
enum st_strictness {
  ST_STRICTNESS_COMPATIBLE = 0, /**< accept what the reference implementation accepts */
  ST_STRICTNESS_STRICT = 1 /**< also reject whitespace before the header's {, padding other than
                              spaces, unknown fields of a tensor, and null metadata */
};

/** Whether the bytes of an st_tensor may be modified. @since 0.1 */
enum st_access {
  ST_ACCESS_READ_ONLY = 0, /**< st_tensor_mutable_data returns NULL */
  ST_ACCESS_WRITABLE = 1 /**< st_tensor_mutable_data returns the bytes. A write changes neither the
                            file nor the caller's memory, and st_read_* never returns it. Tensors
                            got from the same mapped st_file share their bytes: each sees the
                            writes through the others. Other tensors have memory of their own. */
};

/** Which tensors of its shards a set has. @since 0.1 */
enum st_set_policy {
  ST_SET_INDEX = 0, /**< those that the index assigns to a shard, each from that shard */
  ST_SET_ALL = 1    /**< all tensors of all shards of the index; if several shards have a name, the
                       one that the index assigns to its shard */
};

/** What the st_get_tensor functions return for a tensor that the file does not align: one whose
 * address in the mapping or memory is not a multiple of its element size (C64: 4). @since 0.1 */
enum st_unaligned {
  ST_UNALIGNED_ALLOW = 0, /**< the file's own bytes, at any address */
  ST_UNALIGNED_COPY = 1   /**< a copy, aligned to 64 bytes */
};

/** Options of the st_open functions. @since 0.1 */
typedef struct st_open_options {
  uint32_t size;            /**< sizeof(st_open_options); see Struct sizes */
  uint32_t backend;         /**< enum st_backend; for paths and descriptors */
  uint32_t strictness;      /**< enum st_strictness */
  uint32_t access;          /**< enum st_access */
  uint64_t max_header_size; /**< limit in bytes, at most 100,000,000; 0: 100,000,000 */
  uint32_t set_policy;      /**< enum st_set_policy; for st_open_set */
  uint32_t unaligned;       /**< enum st_unaligned */
} st_open_options;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_OPEN_OPTIONS_INIT \
  { sizeof(st_open_options), 0, 0, 0, 0, 0, 0 }

/** Opens a file, reads its header and validates all of it. Follows symbolic links. Does not block
 * on a FIFO; waits while another process holds a lease on the file. Reads no tensor data. Release
 * *file with st_close. Errors: ST_E_NOT_FOUND,
 * ST_E_PERMISSION, ST_E_NOT_REGULAR, ST_E_IO, ST_E_TRUNCATED, and every file format error.
 * @since 0.1 */
ST_API st_status st_open(const char* path, const st_open_options* options, st_file** file,
                         st_error* error) ST_SYMBOL("st_open_file");

/** Opens the regular file of a descriptor. The library duplicates the descriptor, which remains the
 * caller's, and neither uses nor changes its file offset.
 * @since 0.1 */
ST_API st_status st_open_fd(int fd, const st_open_options* options, st_file** file,
                            st_error* error);

/** Opens `nbytes` bytes of memory without copying them. The caller must not change or free them
 * until the library calls `release(user_data)`, once, on the thread that releases the last
 * reference to the file and its tensors. If `release` is NULL, the bytes must stay
 * valid until then. If the call fails, the library does not call `release`.
 * @since 0.1 */
ST_API st_status st_open_memory(const void* bytes, uint64_t nbytes, st_release_fn release,
                                void* user_data, const st_open_options* options, st_file** file,
                                st_error* error);

/** Opens a copy of `nbytes` bytes of memory. @since 0.1 */
ST_API st_status st_open_memory_copy(const void* bytes, uint64_t nbytes,
                                     const st_open_options* options, st_file** file,
                                     st_error* error);

/** A file that callbacks of the caller read: an archive member, an object of a store, an encrypted
 * file.
 * @since 0.1 */
typedef struct st_io {
  uint32_t size;         /**< sizeof(st_io); see Struct sizes */
  uint32_t reserved;     /**< 0 */
  uint64_t nbytes;       /**< size of the file in bytes */
  st_read_at_fn read_at; /**< never asked for bytes beyond `nbytes`; called by several threads at
                            once if the caller's threads use the file at once */
  st_release_fn release; /**< NULL, or called once after the last read; not called if st_open_io
                            fails */
  void* user_data;       /**< passed to the callbacks */
} st_io;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_IO_INIT \
  { sizeof(st_io), 0, 0, NULL, NULL, NULL }

/** Opens a file through callbacks. The library copies `io`. @since 0.1 */
ST_API st_status st_open_io(const st_io* io, const st_open_options* options, st_file** file,
                            st_error* error);

/** Opens a set: a model in one or more files, the shards. `path` is
 *   - an index, a file whose name ends in ".json": the shards that its "weight_map" names, relative
 *     to the index's directory. The index may be a symbolic link; its directory is that of `path`;
 *   - a directory: the set of its index (NAME.safetensors.index.json, *.index.VARIANT.json) or,
 *     without an index, all of its *.safetensors files;
 *   - any other file: the set of that one file.
 *
 * Every function that takes an st_file works on the set as on one file, the concatenation of its
 * shards in the order of their paths' bytes: st_file_size, file offsets and st_read_at count in it.
 * The metadata is the union of the shards' metadata; of shards with the same key, the first
 * provides the value. st_file_metadata_form is ST_METADATA_OBJECT if there are entries, else that
 * of the first shard. st_file_data_offset is 0 for several shards, st_file_identity has zeros but
 * for the size, st_file_metadata_range refers to the shard that provides the value.
 *
 * The headers of all shards are read and validated, and compared with the index. With ST_SET_INDEX
 * a tensor exists only if the index names it, and only in the shard that the index names. Without
 * an index, and with ST_SET_ALL for names that the index does not have, a name in two shards fails
 * with ST_E_DUPLICATE.
 *
 * At most an eighth of RLIMIT_NOFILE stays open in descriptors. Other shards are opened again when
 * they are read: ST_E_CHANGED if the path then refers to another or a modified file.
 *
 * A set that st_save_set, st_set_writer or st_set_stage replaces meanwhile is opened either as the
 * old or as the new one.
 *
 * Errors: as st_open, with the shard's path in the message; ST_E_SET_INDEX for an index that is
 * not valid JSON with a "weight_map" of strings, or larger than 100,000,000 bytes; ST_E_SET_PATH
 * for a shard that is not a relative path without "..", a drive, a backslash and NUL which ends in
 * ".safetensors"; ST_E_SET_SHARD_MISSING; ST_E_SET_TENSOR_MISSING; ST_E_SET_AMBIGUOUS for a
 * directory with two indexes, or with shards or an index beside the whole file (model.safetensors);
 * ST_E_NOT_FOUND for a directory without safetensors files.
 * @since 0.1 */
ST_API st_status st_open_set(const char* path, const st_open_options* options, st_file** file,
                             st_error* error);

/** Adds a reference to the file; returns `file`. @since 0.1 */
ST_API st_file* st_file_ref(st_file* file);

/** Releases a reference to the file. The last release closes it; tensors got from it stay valid.
 * NULL is allowed.
 * @since 0.1 */
ST_API void st_close(st_file* file);

/* ---- Query ----------------------------------------------------------------------------------- */

/** Size of the file in bytes; 0 for NULL. @since 0.1 */
ST_API uint64_t st_file_size(const st_file* file);

/** Offset of the tensor data: the size of the header and of the 8 bytes before it. 0 for NULL.
 * @since 0.1 */
ST_API uint64_t st_file_data_offset(const st_file* file);

/** 1 if the file is mapped, so that tensor bytes are pages of the file; else 0. @since 0.1 */
ST_API int32_t st_file_is_mapped(const st_file* file);

/** Identity of a file: tells whether two handles refer to the same file, and whether another file
 * has replaced it at its path. Device and inode are 0 for memory and callbacks.
 * @since 0.1 */
typedef struct st_identity {
  uint32_t size;          /**< sizeof(st_identity); see Struct sizes */
  uint32_t reserved;      /**< 0 */
  uint64_t device;        /**< st_dev */
  uint64_t inode;         /**< st_ino */
  uint64_t nbytes;        /**< size of the file in bytes */
  uint64_t header_nbytes; /**< size of the header in bytes, without the 8 bytes of its length */
} st_identity;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_IDENTITY_INIT \
  { sizeof(st_identity), 0, 0, 0, 0, 0 }

/** The identity of the file, as it was opened. @since 0.1 */
ST_API st_status st_file_identity(const st_file* file, st_identity* identity, st_error* error);

/** Fails with ST_E_TRUNCATED or ST_E_CHANGED if the file's size or modification time differs from
 * when it was opened. Memory and callbacks never change. A file that was replaced by rename, as
 * st_save does, counts as unchanged: the handle still refers to the old file.
 * @since 0.1 */
ST_API st_status st_file_verify_unchanged(const st_file* file, st_error* error);

/** Sets *replaced to 1 if another file has taken the path from which this file was opened, else to
 * 0: a server calls it at intervals, and opens the path again. Looks up the path, following
 * symbolic links, and compares device and inode. A path that names nothing has not been taken. A
 * relative path remains that of the working directory when the file was opened. A file that was
 * modified in place was not replaced: see st_file_verify_unchanged. Descriptors, memory and
 * callbacks have no path: 0.
 *
 * A set was replaced if its index or one of its shards was; an index, and a shard that does not
 * stay open, also if size or modification time differ. A set that was opened by its directory was
 * also replaced if one of its files is gone and the directory has an index or a file that it did
 * not have: one file instead of several, or the reverse. The new set can be opened as soon as
 * *replaced is 1, except that between one file and several st_open_set can fail with
 * ST_E_SET_AMBIGUOUS until the old files are removed.
 *
 * Errors: ST_E_PERMISSION, ST_E_IO.
 * @since 0.1 */
ST_API st_status st_file_is_replaced(const st_file* file, int32_t* replaced, st_error* error);

/** A tensor's entry in the header. The pointers are valid as long as the handle that they were got
 * from (the st_file, or the st_tensor).
 * @since 0.1 */
typedef struct st_tensor_info {
  uint32_t size;         /**< sizeof(st_tensor_info); see Struct sizes */
  uint32_t dtype;        /**< enum st_dtype */
  const char* name;      /**< `name_len` bytes; never NULL */
  uint64_t name_len;     /**< length of the name in bytes */
  const uint64_t* shape; /**< `rank` extents in elements; never NULL */
  uint64_t rank;         /**< number of dimensions; 0 for a scalar */
  uint64_t nbytes;       /**< size of the data in bytes */
  uint64_t file_offset;  /**< offset of the data from the first byte of the file */
} st_tensor_info;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_TENSOR_INFO_INIT \
  { sizeof(st_tensor_info), 0, NULL, 0, NULL, 0, 0, 0 }

/** Order of the tensors of a file. @since 0.1 */
enum st_order {
  ST_ORDER_FILE = 0, /**< by file offset */
  ST_ORDER_NAME = 1  /**< by the bytes of the name */
};

/** Number of tensors; 0 for NULL. @since 0.1 */
ST_API uint64_t st_file_tensor_count(const st_file* file);

/** The tensor at `index` in `order` (enum st_order). Fails with ST_E_OUT_OF_RANGE. @since 0.1 */
ST_API st_status st_file_tensor_at(const st_file* file, uint32_t order, uint64_t index,
                                   st_tensor_info* info, st_error* error);

/** The tensor with this name. Fails with ST_E_TENSOR_NOT_FOUND; with `error` NULL, a failure takes
 * no longer than a success.
 * @since 0.1 */
ST_API st_status st_file_find_tensor(const st_file* file, const char* name, uint64_t name_len,
                                     st_tensor_info* info, st_error* error);

/** 1 if the file has a tensor with this name, else 0. 0 if `file` is NULL. @since 0.1 */
ST_API int32_t st_file_has_tensor(const st_file* file, const char* name, uint64_t name_len);

/** A file of a set. The pointers are valid as long as the st_file. @since 0.1 */
typedef struct st_shard {
  uint32_t size;         /**< sizeof(st_shard); see Struct sizes */
  uint32_t reserved;     /**< 0 */
  const char* path;      /**< path, NUL-terminated; "" for memory, callbacks and descriptors */
  uint64_t first_offset; /**< file offset of the shard's first byte in the set */
  uint64_t nbytes;       /**< size of the shard in bytes */
  uint64_t tensor_count; /**< number of tensors that the set has from this shard */
} st_shard;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_SHARD_INIT \
  { sizeof(st_shard), 0, NULL, 0, 0, 0 }

/** Number of shards: 1 for a file that is not from st_open_set; 0 for NULL. @since 0.1 */
ST_API uint64_t st_shard_count(const st_file* file);

/** The shard at `index`, in the order of the paths' bytes. Fails with ST_E_OUT_OF_RANGE.
 * @since 0.1 */
ST_API st_status st_shard_at(const st_file* file, uint64_t index, st_shard* shard, st_error* error);

/** Where a tensor's bytes are, for programs that read them with I/O of their own (io_uring, direct
 * storage). The pointers are valid as long as the st_file. @since 0.1 */
typedef struct st_location {
  uint32_t size;        /**< sizeof(st_location); see Struct sizes */
  int32_t fd;           /**< the library's descriptor of the shard, open for reading until the last
                           reference to the st_file is released; -1 if it keeps none open */
  uint64_t shard;       /**< index of the shard, as in st_shard_at */
  const char* path;     /**< path of the shard, as in st_shard */
  uint64_t file_offset; /**< offset of the data from the first byte of the shard */
  uint64_t nbytes;      /**< size of the data in bytes */
} st_location;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_LOCATION_INIT \
  { sizeof(st_location), 0, 0, NULL, 0, 0 }

/** The location of a tensor. Fails with ST_E_TENSOR_NOT_FOUND. @since 0.1 */
ST_API st_status st_tensor_location(const st_file* file, const char* name, uint64_t name_len,
                                    st_location* location, st_error* error);

/** The "metadata" of a set's index: `*text_len` bytes of JSON as in the index, valid as long as the
 * st_file. Fails with ST_E_METADATA_NOT_FOUND if the index has none, or the set no index.
 * @since 0.1 */
ST_API st_status st_file_index_metadata(const st_file* file, const char** text, uint64_t* text_len,
                                        st_error* error);

/** An entry of the header's __metadata__. The pointers that a file returns are valid as long as the
 * file and are never NULL.
 * @since 0.1 */
typedef struct st_metadata_entry {
  uint32_t size;      /**< sizeof(st_metadata_entry); see Struct sizes */
  uint32_t reserved;  /**< 0 */
  const char* key;    /**< `key_len` bytes */
  uint64_t key_len;   /**< length of the key in bytes */
  const char* value;  /**< `value_len` bytes */
  uint64_t value_len; /**< length of the value in bytes */
} st_metadata_entry;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_METADATA_ENTRY_INIT \
  { sizeof(st_metadata_entry), 0, NULL, 0, NULL, 0 }

/** Form of the __metadata__ of a header. @since 0.1 */
enum st_metadata_form {
  ST_METADATA_ABSENT = 0, /**< no __metadata__ */
  ST_METADATA_NULL = 1,   /**< "__metadata__":null */
  ST_METADATA_OBJECT = 2  /**< an object, which may be empty */
};

/** Form of the header's __metadata__ (enum st_metadata_form); ST_METADATA_ABSENT for NULL. Set
 * st_save_options.metadata_form to it to write a copy with the same bytes.
 * @since 0.1 */
ST_API uint32_t st_file_metadata_form(const st_file* file);

/** Number of metadata entries; 0 for NULL. @since 0.1 */
ST_API uint64_t st_file_metadata_count(const st_file* file);

/** The metadata entry at `index`, ordered by the bytes of the key. Fails with ST_E_OUT_OF_RANGE.
 * @since 0.1 */
ST_API st_status st_file_metadata_at(const st_file* file, uint64_t index, st_metadata_entry* entry,
                                     st_error* error);

/** The value of a metadata key. Fails with ST_E_METADATA_NOT_FOUND; with `error` NULL, a failure
 * takes no longer than a success.
 * @since 0.1 */
ST_API st_status st_file_find_metadata(const st_file* file, const char* key, uint64_t key_len,
                                       const char** value, uint64_t* value_len, st_error* error);

/** Byte range of a metadata value in the file: *nbytes bytes at *file_offset, the characters of the
 * JSON string between its quotes, escapes included. Reads the header again. Errors:
 * ST_E_METADATA_NOT_FOUND, ST_E_CHANGED, ST_E_TRUNCATED, ST_E_IO, ST_E_NO_MEMORY.
 * @since 0.1 */
ST_API st_status st_file_metadata_range(const st_file* file, const char* key, uint64_t key_len,
                                        uint64_t* file_offset, uint64_t* nbytes, st_error* error);

/* ---- Access tensor data ---------------------------------------------------------------------- */

/** The bytes of a tensor, and a reference to the mapping or memory that holds them. Valid after the
 * st_file is closed. The bytes are little-endian, dense, in row-major order.
 * @since 0.1 */
typedef struct st_tensor st_tensor;

/** The tensor with this name and its bytes. Mapped files and memory: no copy, at the file's own
 * alignment, which need not be a multiple of the element size (see enum st_unaligned). Otherwise:
 * read into memory aligned to 64 bytes. Release *tensor with st_tensor_unref.
 * Errors: ST_E_TENSOR_NOT_FOUND, ST_E_TRUNCATED, ST_E_IO, ST_E_NO_MEMORY.
 * @since 0.1 */
ST_API st_status st_get_tensor(const st_file* file, const char* name, uint64_t name_len,
                               st_tensor** tensor, st_error* error);

/** The tensor at `index` in `order` (enum st_order) and its bytes. Fails with ST_E_OUT_OF_RANGE and
 * as st_get_tensor.
 * @since 0.1 */
ST_API st_status st_get_tensor_at(const st_file* file, uint32_t order, uint64_t index,
                                  st_tensor** tensor, st_error* error);

/** Adds a reference to the tensor; returns `tensor`. @since 0.1 */
ST_API st_tensor* st_tensor_ref(st_tensor* tensor);

/** Releases a reference to the tensor. The last release frees or unmaps the bytes. NULL is allowed.
 * @since 0.1 */
ST_API void st_tensor_unref(st_tensor* tensor);

/** The bytes; NULL for NULL, otherwise never NULL, even for 0 bytes. @since 0.1 */
ST_API const void* st_tensor_data(const st_tensor* tensor);

/** The bytes for writing if the file was opened with ST_ACCESS_WRITABLE, else NULL. The caller
 * synchronizes writes.
 * @since 0.1 */
ST_API void* st_tensor_mutable_data(st_tensor* tensor);

/** Number of bytes; 0 for NULL. @since 0.1 */
ST_API uint64_t st_tensor_nbytes(const st_tensor* tensor);

/** The tensor's entry in the header; the pointers are valid as long as `tensor`. @since 0.1 */
ST_API st_status st_tensor_describe(const st_tensor* tensor, st_tensor_info* info, st_error* error);

/** Reads a tensor's bytes into the caller's `buffer` of `buffer_size` bytes. On failure the content
 * of the buffer is unspecified.
 * Errors: as st_get_tensor, and ST_E_BUFFER_TOO_SMALL.
 * @since 0.1 */
ST_API st_status st_read_tensor(const st_file* file, const char* name, uint64_t name_len,
                                void* buffer, uint64_t buffer_size, st_error* error);

/** Reads `nbytes` bytes at `file_offset`, counted from the first byte of the file: for example a
 * tensor in pieces, to copy it to a device or to compute a checksum.
 * Errors: as st_read_tensor; ST_E_OUT_OF_RANGE beyond the end of the file.
 * @since 0.1 */
ST_API st_status st_read_at(const st_file* file, uint64_t file_offset, void* buffer,
                            uint64_t nbytes, st_error* error);

/** Starts to read `nbytes` bytes at `file_offset`, counted as in st_read_at, into the page cache,
 * and does not wait for them: later reads, and accesses to mapped bytes, find them in memory. Waits
 * for the device only where more is requested than it can queue. Opens the shards of a set that are
 * not open. Does nothing for memory and callbacks, and on systems and file systems without such a
 * request; bytes that cannot be read are an error of the later read.
 * Errors: ST_E_OUT_OF_RANGE beyond the end of the file; ST_E_CHANGED, ST_E_PERMISSION and ST_E_IO
 * for a shard that cannot be opened again.
 * @since 0.1 */
ST_API st_status st_file_prefetch(const st_file* file, uint64_t file_offset, uint64_t nbytes,
                                  st_error* error);

/** Reads the elements starts[d] <= i < stops[d] of each dimension d into the caller's buffer,
 * dense, in row-major order. `rank` must be the tensor's. *nbytes (NULL is allowed) receives the
 * size of the slice; with `buffer` NULL and `buffer_size` 0 the call only computes it. Truncating
 * a mapped file during the call can raise SIGBUS. Errors: as st_read_tensor; ST_E_INVALID_ARGUMENT
 * for another rank; ST_E_OUT_OF_RANGE unless start <= stop <= extent; ST_E_SUBBYTE if a contiguous
 * run is not a whole number of bytes.
 * @since 0.1 */
ST_API st_status st_read_slice(const st_file* file, const char* name, uint64_t name_len,
                               const uint64_t* starts, const uint64_t* stops, uint64_t rank,
                               void* buffer, uint64_t buffer_size, uint64_t* nbytes,
                               st_error* error);

/* ---- Save ------------------------------------------------------------------------------------ */

/** A tensor to write. The caller keeps everything valid until the call returns. Exactly one of
 * `data` and `fill` is not NULL; both may be NULL if `nbytes` is 0.
 * @since 0.1 */
typedef struct st_save_tensor {
  uint32_t size;           /**< sizeof(st_save_tensor); see Struct sizes */
  uint32_t dtype;          /**< enum st_dtype */
  const char* name;        /**< `name_len` bytes of UTF-8; "__metadata__" is reserved */
  uint64_t name_len;       /**< length of the name in bytes */
  const uint64_t* shape;   /**< `rank` extents in elements; may be NULL if rank is 0 */
  uint64_t rank;           /**< number of dimensions */
  uint64_t nbytes;         /**< size of the data in bytes; must match dtype and shape */
  const void* data;        /**< the bytes: little-endian, dense, row-major */
  st_fill_fn fill;         /**< called in ascending order of the offset, on the saving thread */
  void* user_data;         /**< passed to `fill` */
  uint64_t storage_id;     /**< for st_save_set: not 0 if tensors share memory, equal for those that
                              share it; they get into the same shard */
  uint64_t storage_nbytes; /**< for st_save_set: size of that memory; 0: `nbytes` */
  uint64_t reserved;       /**< 0 */
  uint64_t reserved2;      /**< 0 */
} st_save_tensor;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_SAVE_TENSOR_INIT \
  { sizeof(st_save_tensor), 0, NULL, 0, NULL, 0, 0, NULL, NULL, NULL, 0, 0, 0, 0 }

/** What a successful save guarantees after a power failure. @since 0.1 */
enum st_durability {
  ST_DURABILITY_NONE = 0, /**< nothing: a power failure may lose the new file */
  ST_DURABILITY_FSYNC =
      1 /**< file and directory are synced with fsync before the call returns. An
           error of the directory's fsync is reported after the file is replaced. */
};

/** Values of st_save_options.mode; other values are permission bits, such as 0640. @since 0.1 */
enum st_mode {
  ST_MODE_INHERIT = 0,   /**< those of the replaced file; for a new file as ST_MODE_UMASK */
  ST_MODE_UMASK = 0x1000 /**< 0666 & ~umask, even if the file exists */
};

/** What a save does with a symbolic link at the path. @since 0.1 */
enum st_link {
  ST_LINK_REPLACE = 0, /**< replace the link and leave the file that it points to unchanged */
  ST_LINK_FOLLOW = 1   /**< replace the file that the link points to */
};

/** Options of the functions that save. @since 0.1 */
typedef struct st_save_options {
  uint32_t size;          /**< sizeof(st_save_options); see Struct sizes */
  uint32_t durability;    /**< enum st_durability; ignored for memory */
  uint32_t mode;          /**< enum st_mode or permission bits; ignored for memory */
  uint32_t link;          /**< enum st_link; ignored for memory */
  uint32_t metadata_form; /**< enum st_metadata_form: __metadata__ of a file without entries */
  uint32_t reserved;      /**< 0 */
  uint64_t alignment;     /**< the tensor data begins at a multiple of this many bytes: a
                             power of two from 8 to 65,536; 0: 8, as the reference writes */
  const st_metadata_entry* metadata; /**< `metadata_count` entries, or NULL */
  uint64_t metadata_count;           /**< number of metadata entries */
  st_progress_fn progress;  /**< NULL, or called with the bytes written and the size of the file */
  void* progress_user_data; /**< passed to `progress` */
} st_save_options;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_SAVE_OPTIONS_INIT \
  { sizeof(st_save_options), 0, 0, 0, 0, 0, 0, NULL, 0, NULL, NULL }

/** Writes a file atomically. The order of `tensors` does not matter: the file contains
 * them in the reference implementation's order (dtype, then name), and equal input gives equal
 * bytes. `tensors` may be NULL if `count` is 0.
 *
 * The library writes a temporary file in the same directory and renames it to `path`: a reader that
 * opens `path` gets the complete old or the complete new file, and a failure leaves the old file
 * unchanged and no temporary file. The tensors may be mapped from the file that is replaced. Hard
 * links, extended attributes, ACLs and the owner of the old file are not kept.
 *
 * A symbolic link is replaced, or followed with ST_LINK_FOLLOW, if it points to a regular file or
 * is dangling. Other links, and those that pass through /proc (/dev/stdout), fail with
 * ST_E_NOT_REGULAR. A file larger than RLIMIT_FSIZE fails with EFBIG if SIGXFSZ is ignored;
 * otherwise the kernel terminates the process with that signal.
 *
 * Errors before the first byte is written: ST_E_DUPLICATE, ST_E_INVALID_ARGUMENT (a tensor named
 * "__metadata__"), ST_E_UTF8, ST_E_DTYPE, ST_E_OVERFLOW, ST_E_SUBBYTE, ST_E_SIZE_MISMATCH,
 * ST_E_HEADER_TOO_LARGE, ST_E_NOT_REGULAR, ST_E_NOT_FOUND, ST_E_PERMISSION. Later: ST_E_IO,
 * ST_E_CANCELLED.
 * @since 0.1 */
ST_API st_status st_save(const char* path, const st_save_tensor* tensors, uint64_t count,
                         const st_save_options* options, st_error* error);

/** Size in bytes of the file that st_save would write. Reads no tensor data. Errors: those that
 * st_save reports before it uses the file system.
 * @since 0.1 */
ST_API st_status st_save_size(const st_save_tensor* tensors, uint64_t count,
                              const st_save_options* options, uint64_t* nbytes, st_error* error);

/** Writes the bytes of st_save into the caller's buffer. *nbytes (NULL is allowed) receives their
 * number. Fails with ST_E_BUFFER_TOO_SMALL before it writes anything.
 * @since 0.1 */
ST_API st_status st_save_memory(const st_save_tensor* tensors, uint64_t count,
                                const st_save_options* options, void* buffer, uint64_t buffer_size,
                                uint64_t* nbytes, st_error* error);

/** Writes the bytes of st_save through a callback, in order, without a seek: to a pipe, a socket,
 * an object store, a file that cannot be replaced. The buffers, of at most 16 MiB, are the tensors'
 * own memory: nothing is copied. The size is st_save_size. When it fails, the callback may have
 * received a part of the bytes. Errors: as st_save_size; ST_E_IO, ST_E_CANCELLED.
 * @since 0.1 */
ST_API st_status st_save_io(st_write_fn write, void* user_data, const st_save_tensor* tensors,
                            uint64_t count, const st_save_options* options, st_error* error);

/* ---- Save sets ------------------------------------------------------------------------------- */

/** How the tensors of a set are divided into shards. @since 0.1 */
enum st_split {
  ST_SPLIT_HUB = 0,     /**< as huggingface_hub: in the order given, a shard ends where the next
                           tensor would exceed max_shard_size; a tensor above it has a shard of its
                           own, numbered before the shard that is open then */
  ST_SPLIT_BALANCED = 1 /**< as many shards as max_shard_size requires, of similar sizes */
};

/** The bytes of an index. @since 0.1 */
enum st_index_format {
  ST_INDEX_HUB = 0,   /**< as huggingface_hub: entries in the order of the shards */
  ST_INDEX_SORTED = 1 /**< as transformers and diffusers: keys sorted, final newline */
};

/** Options of st_save_set, st_set_writer_open and st_set_stage_open. @since 0.1 */
typedef struct st_set_options {
  uint32_t size;           /**< sizeof(st_set_options); see Struct sizes */
  uint32_t split;          /**< enum st_split; st_set_writer: ST_SPLIT_HUB only */
  uint32_t index_format;   /**< enum st_index_format */
  uint32_t resume;         /**< 1: st_set_writer keeps and reuses complete shards; else 0 */
  uint64_t max_shard_size; /**< bytes of tensor data in a shard; 0: 5,000,000,000 */
  const char* stem;        /**< `stem_len` bytes, the name before "-00001-of-00002.safetensors";
                              NULL: "model" */
  uint64_t stem_len;       /**< length of the stem in bytes */
  const char* variant;     /**< `variant_len` bytes, such as "fp16"; NULL: none. Names are then
                              STEM.VARIANT-00001-of-00002.safetensors, STEM.VARIANT.safetensors and
                              STEM.safetensors.index.VARIANT.json */
  uint64_t variant_len;    /**< length of the variant in bytes */
  const st_metadata_entry* index_metadata; /**< `index_metadata_count` entries, or NULL: added to
                              the index's metadata or, for one file, to the header's */
  uint64_t index_metadata_count;           /**< number of these entries */
  uint64_t total_parameters; /**< not 0: the index's metadata has it, as transformers writes */
} st_set_options;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_SET_OPTIONS_INIT \
  { sizeof(st_set_options), 0, 0, 0, 0, NULL, 0, NULL, 0, NULL, 0, 0 }

/** Writes tensors to `directory` as shards of at most max_shard_size and an index, or as one file
 * without an index if one shard holds all. Creates the directory if it does not exist. Shards have
 * the bytes that st_save writes; the division, names, total_size and index are those of
 * huggingface_hub. `options` apply to every file: its metadata is in every shard; `link` is
 * ignored, a link at a path is replaced; progress counts the bytes of all shards.
 *
 * Atomic: the library writes the shards to a subdirectory (.st-*), renames them to names that no
 * file has (their final names or, if one of those exists, model-00001-of-00002.XXXXXXXX.safetensors
 * with 8 hexadecimal digits), and then renames the index, which commits. At the end it removes the
 * files that only the old index names. A reader with st_open_set, or one that follows the index,
 * gets the complete old or the complete new set at any time, and after a kill at any time; the next
 * save of this set removes what a killed one left. Other files are never modified.
 *
 * Where a set of several shards replaces one file, or one file such a set, st_open_set of the
 * directory fails with ST_E_SET_AMBIGUOUS from the first rename until the old files are removed
 * (after a kill, until the next save); opening the index or the file by its path works.
 *
 * Errors: as st_save.
 * @since 0.1 */
ST_API st_status st_save_set(const char* directory, const st_save_tensor* tensors, uint64_t count,
                             const st_set_options* set, const st_save_options* options,
                             st_error* error);

/** Writes a set one tensor at a time, in constant memory. One thread at a time. @since 0.1 */
typedef struct st_set_writer st_set_writer;

/** Creates the writer of a set in `directory`, which is created if it does not exist. Nothing that
 * a reader takes for a set exists before st_set_writer_commit. Free it with st_set_writer_free.
 *
 * With `resume`, st_set_writer_free keeps complete shards in a subdirectory (.st-*) unless the
 * writer was committed, and a later writer of the same set reuses them: the program adds the same
 * tensors in the same order, and the bytes of those in complete shards are not read. The options
 * must be equal, else the kept shards are removed. Fails with ST_E_IO and EBUSY while another
 * writer uses them. The progress callback is ignored.
 * @since 0.1 */
ST_API st_status st_set_writer_open(const char* directory, const st_set_options* set,
                                    const st_save_options* options, st_set_writer** writer,
                                    st_error* error);

/** Adds a tensor with `nbytes` bytes at `data`, which the library writes before it returns; `data`
 * may be NULL if st_set_writer_has_tensor returns 1. A shard is complete when the next tensor would
 * exceed max_shard_size. A failed call with ST_E_IO makes the writer unusable; after other failures
 * it is unchanged. Errors: as st_save. @since 0.1 */
ST_API st_status st_set_writer_add(st_set_writer* writer, const char* name, uint64_t name_len,
                                   uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                   const void* data, uint64_t nbytes, st_error* error);

/** Adds a tensor whose bytes the callback `fill` provides, in pieces of at most 4 MiB.
 * @since 0.1 */
ST_API st_status st_set_writer_add_fill(st_set_writer* writer, const char* name, uint64_t name_len,
                                        uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                        uint64_t nbytes, st_fill_fn fill, void* user_data,
                                        st_error* error);

/** 1 if a complete shard that `resume` found has the tensor, so that its bytes are not needed; else
 * 0. @since 0.1 */
ST_API int32_t st_set_writer_has_tensor(const st_set_writer* writer, const char* name,
                                        uint64_t name_len);

/** Publishes the set, as st_save_set does. Afterwards the writer can only be freed. @since 0.1 */
ST_API st_status st_set_writer_commit(st_set_writer* writer, st_error* error);

/** Frees the writer; without a commit, removes what it wrote. NULL is allowed. @since 0.1 */
ST_API void st_set_writer_free(st_set_writer* writer);

/** A set whose files several processes write, on one machine or many, and one of them publishes.
 * One thread at a time. @since 0.1 */
typedef struct st_set_stage st_set_stage;

/** Divides `tensors` (dtype, name, shape, storage_id, as in st_save_set; `data` and `fill` are
 * NULL, and `nbytes` may be 0) into shards as st_save_set does, and creates an empty file for each
 * shard in a subdirectory (.st-*) of `directory`, which is created if it does not exist. The files
 * have the permission bits of the final ones. Nothing that a reader takes for a set exists before
 * st_set_stage_commit. The library copies what it needs. `link`, `resume` and the progress callback
 * are ignored.
 *
 * Processes of the same user then replace each file once: st_save or st_writer_open with the path
 * "directory/" and st_set_stage_path, the tensors of that shard in any order, the mode
 * ST_MODE_INHERIT, and the same alignment, metadata form and metadata (for a set of one file also
 * index_metadata, which counts where both have a key).
 *
 * While *stage exists, no other save of the set removes the subdirectory, unless the file system
 * cannot lock files. If the process is killed, the next save does. Free *stage with
 * st_set_stage_free. Errors: as st_save. @since 0.1 */
ST_API st_status st_set_stage_open(const char* directory, const st_save_tensor* tensors,
                                   uint64_t count, const st_set_options* set,
                                   const st_save_options* options, st_set_stage** stage,
                                   st_error* error);

/** Number of shards; 0 for NULL. @since 0.1 */
ST_API uint64_t st_set_stage_shard_count(const st_set_stage* stage);

/** Path of a shard's file relative to the stage's directory, NUL-terminated; valid until the stage
 * is freed. NULL if `shard` is not less than st_set_stage_shard_count. @since 0.1 */
ST_API const char* st_set_stage_path(const st_set_stage* stage, uint64_t shard);

/** The shard of the tensor at `index` of the declared tensors; UINT64_MAX if `index` is not
 * less than their number. @since 0.1 */
ST_API uint64_t st_set_stage_shard_of(const st_set_stage* stage, uint64_t index);

/** Publishes the set, as st_save_set does, once all writers are done; with ST_DURABILITY_FSYNC,
 * syncs the files before. Fails with ST_E_INCOMPLETE unless every file has the size and the header
 * that st_save_set would write: the stage can go on. After success or another error it can only be
 * freed. The tensor data is not read. @since 0.1 */
ST_API st_status st_set_stage_commit(st_set_stage* stage, st_error* error);

/** Frees the stage; without a commit, removes the files of the shards, except in a child process of
 * the one that opened the stage. NULL is allowed. @since 0.1 */
ST_API void st_set_stage_free(st_set_stage* stage);

/** Joins a checkpoint in which each file has parts of tensors, as torch.distributed.checkpoint's
 * Hugging Face writer creates it, to a set in `directory`. Each file of `source_directory`
 * (*.safetensors, also in its subdirectory "sharded") has the position of its parts in the metadata
 * key DCP_SHARDING_INFO. Memory is constant. Tensors are in the order of their names. Errors: as
 * st_open and st_save_set; ST_E_SCHEMA for a file without valid DCP_SHARDING_INFO; ST_E_INCOMPLETE
 * for a tensor with a gap; ST_E_OFFSET for parts that overlap or exceed the tensor; ST_E_DTYPE for
 * parts of different dtypes.
 * @since 0.1 */
ST_API st_status st_consolidate(const char* source_directory, const char* directory,
                                const st_set_options* set, const st_save_options* options,
                                st_error* error);

/* ---- Write in pieces ------------------------------------------------------------------------- */

/** Writes a file whose tensors are declared first and whose bytes follow in any order. Any number
 * of threads may call st_writer_write at once. @since 0.1 */
typedef struct st_writer st_writer;

/** Creates the writer of a file. `tensors` have dtype, name and shape; `data` and `fill` are NULL,
 * and `nbytes` may be 0. The library copies what it needs. It allocates the space of the file
 * (ST_E_IO with ENOSPC), except on file systems that may compress it or cannot allocate. Its memory
 * depends on the number of tensors and of gaps between written bytes, not on sizes. The file at
 * `path` is unchanged before st_writer_commit. The progress callback is ignored. Free *writer with
 * st_writer_free. Errors: as st_save.
 * @since 0.1 */
ST_API st_status st_writer_open(const char* path, const st_save_tensor* tensors, uint64_t count,
                                const st_save_options* options, st_writer** writer,
                                st_error* error);

/** Writes `nbytes` bytes at `offset` of the tensor at `index` of the declared tensors. Bytes may be
 * written again: the last write counts. Errors: ST_E_OUT_OF_RANGE; ST_E_IO, after which the bytes
 * count as missing. @since 0.1 */
ST_API st_status st_writer_write(st_writer* writer, uint64_t index, uint64_t offset,
                                 const void* bytes, uint64_t nbytes, st_error* error);

/** Replaces the file at the path, as st_save does; the bytes are those of st_save. Fails with
 * ST_E_INCOMPLETE while bytes are missing, names the tensors, and sets st_error.position to the
 * first missing byte of the first one: the writer can go on. After success or another error the
 * writer can only be freed. No st_writer_write may run.
 * @since 0.1 */
ST_API st_status st_writer_commit(st_writer* writer, st_error* error);

/** Frees the writer; without a commit, removes what it wrote. NULL is allowed. @since 0.1 */
ST_API void st_writer_free(st_writer* writer);

/* ---- Edit ------------------------------------------------------------------------------------ */

/** How st_edit_metadata changed a file. @since 0.1 */
enum st_edit_method {
  ST_EDIT_UNCHANGED = 0, /**< the file has these entries and names already */
  ST_EDIT_CLONE = 1,     /**< a new file that shares the blocks of the data with the old one */
  ST_EDIT_COPY = 2,      /**< a new file with a copy of the data */
  ST_EDIT_OVERWRITE = 3, /**< in place: the header was overwritten */
  ST_EDIT_INSERT = 4     /**< in place: blocks were inserted before the data */
};

/** Changes of a file's metadata and tensor names. @since 0.1 */
typedef struct st_edit {
  uint32_t size;     /**< sizeof(st_edit); see Struct sizes */
  uint32_t in_place; /**< 1: change the file itself; else 0. A crash meanwhile can leave a file with
                        a damaged header, and concurrent readers can see one. */
  const st_metadata_entry* set; /**< `set_count` metadata entries to add or replace */
  uint64_t set_count;           /**< number of these entries */
  const st_metadata_entry*
      remove;            /**< `remove_count` entries whose `key` is removed, `value` NULL */
  uint64_t remove_count; /**< number of these entries */
  const st_metadata_entry*
      rename;            /**< `rename_count` entries: tensor `key` gets the name `value` */
  uint64_t rename_count; /**< number of these entries */
} st_edit;

/** Initializer of the struct: its size, and zeros. @since 0.1 */
#define ST_EDIT_INIT \
  { sizeof(st_edit), 0, NULL, 0, NULL, 0, NULL, 0 }

/** Changes metadata entries and tensor names of a file and keeps its data bytes. Renames apply at
 * once: two names can be exchanged. Tensors keep their order in the file; unknown fields of the
 * header are dropped.
 *
 * The new file replaces the old one atomically, as in st_save; its data shares the old file's
 * blocks where the file system can (Btrfs, XFS), and is a copy elsewhere. `in_place` changes the
 * file itself: the header is overwritten if it fits, else blocks are inserted before the data
 * (ext4, XFS), else the file is replaced. Of `options`, durability, link, mode and progress apply
 * (`in_place`: durability), and metadata must be NULL. *method (NULL is allowed) receives enum
 * st_edit_method.
 *
 * Errors: as st_open and st_save; ST_E_METADATA_NOT_FOUND and ST_E_TENSOR_NOT_FOUND for keys and
 * names that the file does not have; ST_E_DUPLICATE.
 * @since 0.1 */
ST_API st_status st_edit_metadata(const char* path, const st_edit* edit,
                                  const st_save_options* options, uint32_t* method,
                                  st_error* error);

/* ---- Build one tensor at a time -------------------------------------------------------------- */

/** Collects the arguments of st_save, for languages in which arrays of structs are awkward. Names,
 * shapes, keys and values are copied; the tensors' bytes must stay valid until the last save. One
 * thread at a time; several threads may save a builder at once.
 * @since 0.1 */
typedef struct st_builder st_builder;

/** Creates an empty builder. Free it with st_builder_free. @since 0.1 */
ST_API st_status st_builder_new(st_builder** builder, st_error* error);

/** Frees a builder. NULL is allowed. @since 0.1 */
ST_API void st_builder_free(st_builder* builder);

/** Adds a tensor with `nbytes` bytes at `data`. Validates the tensor; duplicate names fail when
 * saving.
 * @since 0.1 */
ST_API st_status st_builder_add(st_builder* builder, const char* name, uint64_t name_len,
                                uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                const void* data, uint64_t nbytes, st_error* error);

/** Adds a tensor and a copy of its bytes, for callers whose memory may move or be freed before the
 * save.
 * @since 0.1 */
ST_API st_status st_builder_add_copy(st_builder* builder, const char* name, uint64_t name_len,
                                     uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                     const void* data, uint64_t nbytes, st_error* error);

/** Adds a tensor whose bytes the callback `fill` provides, as in st_save_tensor. @since 0.1 */
ST_API st_status st_builder_add_fill(st_builder* builder, const char* name, uint64_t name_len,
                                     uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                     uint64_t nbytes, st_fill_fn fill, void* user_data,
                                     st_error* error);

/** Adds a tensor without bytes, for st_builder_open_writer. Saving it fails with
 * ST_E_INVALID_ARGUMENT unless it has 0 bytes. @since 0.1 */
ST_API st_status st_builder_declare(st_builder* builder, const char* name, uint64_t name_len,
                                    uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                    st_error* error);

/** Adds a metadata entry. Fails with ST_E_UTF8. Duplicate keys fail with ST_E_DUPLICATE when
 * saving. @since 0.1 */
ST_API st_status st_builder_add_metadata(st_builder* builder, const char* key, uint64_t key_len,
                                         const char* value, uint64_t value_len, st_error* error);

/** st_save of the builder's tensors. The file has the builder's metadata and that of the options.
 * The builder is unchanged and can save again.
 * @since 0.1 */
ST_API st_status st_builder_save(const st_builder* builder, const char* path,
                                 const st_save_options* options, st_error* error);

/** st_save_size of the builder's tensors, also of those without bytes. @since 0.1 */
ST_API st_status st_builder_save_size(const st_builder* builder, const st_save_options* options,
                                      uint64_t* nbytes, st_error* error);

/** st_save_memory of the builder's tensors. @since 0.1 */
ST_API st_status st_builder_save_memory(const st_builder* builder, const st_save_options* options,
                                        void* buffer, uint64_t buffer_size, uint64_t* nbytes,
                                        st_error* error);

/** st_save_io of the builder's tensors. @since 0.1 */
ST_API st_status st_builder_save_io(const st_builder* builder, st_write_fn write, void* user_data,
                                    const st_save_options* options, st_error* error);

/** st_save_set of the builder's tensors. @since 0.1 */
ST_API st_status st_builder_save_set(const st_builder* builder, const char* directory,
                                     const st_set_options* set, const st_save_options* options,
                                     st_error* error);

/** st_writer_open of the builder's tensors, whose bytes are ignored; an index is the number of
 * tensors added before. @since 0.1 */
ST_API st_status st_builder_open_writer(const st_builder* builder, const char* path,
                                        const st_save_options* options, st_writer** writer,
                                        st_error* error);

/* ---- Struct sizes ---------------------------------------------------------------------------- */

/** Sizes of the structs in the release that introduced them: what a `size` of 0 means. @since 0.1
 */
enum st_struct_size {
  ST_ERROR_SIZE_VER0 = 280,
  ST_OPEN_OPTIONS_SIZE_VER0 = 32,
  ST_IO_SIZE_VER0 = 40,
  ST_IDENTITY_SIZE_VER0 = 40,
  ST_TENSOR_INFO_SIZE_VER0 = 56,
  ST_METADATA_ENTRY_SIZE_VER0 = 40,
  ST_SAVE_TENSOR_SIZE_VER0 = 104,
  ST_SAVE_OPTIONS_SIZE_VER0 = 64,
  ST_SHARD_SIZE_VER0 = 40,
  ST_LOCATION_SIZE_VER0 = 40,
  ST_SET_OPTIONS_SIZE_VER0 = 80,
  ST_EDIT_SIZE_VER0 = 56
};

#ifdef __cplusplus
}
#endif

#endif
