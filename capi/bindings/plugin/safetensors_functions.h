/**
 * @file safetensors_functions.h
 * A pointer to each function of libsafetensors, for programs that load the library with
 * safetensors_plugin.h. The member `open` is st_open, and so on: safetensors.h and dlpack.h are the
 * reference manual. Written by generate.py from these headers.
 */
#ifndef SAFETENSORS_FUNCTIONS_H
#define SAFETENSORS_FUNCTIONS_H

#include <safetensors/dlpack.h>
#include <safetensors/safetensors.h>

/** The functions of the library, without the prefix st_ of their names. */
typedef struct st_functions {
  /** Version of the library in use: major * 1,000,000 + minor * 1,000 + patch. */
  uint32_t (*version)(void);
  /** Version of the library in use as text, "0.1.0". */
  const char* (*version_string)(void);
  /** Name of a status, "ST_E_JSON"; "unknown" for an unknown value. */
  const char* (*status_name)(st_status status);
  /** Name of a dtype as in a header, "BF16"; NULL for an unknown value. */
  const char* (*dtype_name)(uint32_t dtype);
  /** Bits per element (BF16: 16, F4: 4); 0 for an unknown value. */
  uint32_t (*dtype_bits)(uint32_t dtype);
  /** The dtype with this name. */
  st_status (*dtype_from_name)(const char* name, uint64_t name_len, uint32_t* dtype,
                               st_error* error);
  /** Opens a file, reads its header and validates all of it. */
  st_status (*open)(const char* path, const st_open_options* options, st_file** file,
                    st_error* error);
  /** Opens the regular file of a descriptor. */
  st_status (*open_fd)(int fd, const st_open_options* options, st_file** file, st_error* error);
  /** Opens `nbytes` bytes of memory without copying them. */
  st_status (*open_memory)(const void* bytes, uint64_t nbytes, st_release_fn release,
                           void* user_data, const st_open_options* options, st_file** file,
                           st_error* error);
  /** Opens a copy of `nbytes` bytes of memory. */
  st_status (*open_memory_copy)(const void* bytes, uint64_t nbytes, const st_open_options* options,
                                st_file** file, st_error* error);
  /** Opens a file through callbacks. */
  st_status (*open_io)(const st_io* io, const st_open_options* options, st_file** file,
                       st_error* error);
  /** Opens a set: a model in one or more files, the shards. */
  st_status (*open_set)(const char* path, const st_open_options* options, st_file** file,
                        st_error* error);
  /** Adds a reference to the file; returns `file`. */
  st_file* (*file_ref)(st_file* file);
  /** Releases a reference to the file. */
  void (*close)(st_file* file);
  /** Size of the file in bytes; 0 for NULL. */
  uint64_t (*file_size)(const st_file* file);
  /** Offset of the tensor data: the size of the header and of the 8 bytes before it. */
  uint64_t (*file_data_offset)(const st_file* file);
  /** 1 if the file is mapped, so that tensor bytes are pages of the file; else 0. */
  int32_t (*file_is_mapped)(const st_file* file);
  /** The identity of the file, as it was opened. */
  st_status (*file_identity)(const st_file* file, st_identity* identity, st_error* error);
  /** Fails with ST_E_TRUNCATED or ST_E_CHANGED if the file's size or modification time differs from
   * when it was opened. */
  st_status (*file_verify_unchanged)(const st_file* file, st_error* error);
  /** Sets *replaced to 1 if another file has taken the path from which this file was opened, else
   * to 0: a server calls it at intervals, and opens the path again. */
  st_status (*file_is_replaced)(const st_file* file, int32_t* replaced, st_error* error);
  /** Number of tensors; 0 for NULL. */
  uint64_t (*file_tensor_count)(const st_file* file);
  /** The tensor at `index` in `order` (enum st_order). */
  st_status (*file_tensor_at)(const st_file* file, uint32_t order, uint64_t index,
                              st_tensor_info* info, st_error* error);
  /** The tensor with this name. */
  st_status (*file_find_tensor)(const st_file* file, const char* name, uint64_t name_len,
                                st_tensor_info* info, st_error* error);
  /** 1 if the file has a tensor with this name, else 0. */
  int32_t (*file_has_tensor)(const st_file* file, const char* name, uint64_t name_len);
  /** Number of shards: 1 for a file that is not from st_open_set; 0 for NULL. */
  uint64_t (*shard_count)(const st_file* file);
  /** The shard at `index`, in the order of the paths' bytes. */
  st_status (*shard_at)(const st_file* file, uint64_t index, st_shard* shard, st_error* error);
  /** The location of a tensor. */
  st_status (*tensor_location)(const st_file* file, const char* name, uint64_t name_len,
                               st_location* location, st_error* error);
  /** The "metadata" of a set's index: `*text_len` bytes of JSON as in the index, valid as long as
   * the st_file. */
  st_status (*file_index_metadata)(const st_file* file, const char** text, uint64_t* text_len,
                                   st_error* error);
  /** Form of the header's __metadata__ (enum st_metadata_form); ST_METADATA_ABSENT for NULL. */
  uint32_t (*file_metadata_form)(const st_file* file);
  /** Number of metadata entries; 0 for NULL. */
  uint64_t (*file_metadata_count)(const st_file* file);
  /** The metadata entry at `index`, ordered by the bytes of the key. */
  st_status (*file_metadata_at)(const st_file* file, uint64_t index, st_metadata_entry* entry,
                                st_error* error);
  /** The value of a metadata key. */
  st_status (*file_find_metadata)(const st_file* file, const char* key, uint64_t key_len,
                                  const char** value, uint64_t* value_len, st_error* error);
  /** Byte range of a metadata value in the file: *nbytes bytes at *file_offset, the characters of
   * the JSON string between its quotes, escapes included. */
  st_status (*file_metadata_range)(const st_file* file, const char* key, uint64_t key_len,
                                   uint64_t* file_offset, uint64_t* nbytes, st_error* error);
  /** The tensor with this name and its bytes. */
  st_status (*get_tensor)(const st_file* file, const char* name, uint64_t name_len,
                          st_tensor** tensor, st_error* error);
  /** The tensor at `index` in `order` (enum st_order) and its bytes. */
  st_status (*get_tensor_at)(const st_file* file, uint32_t order, uint64_t index,
                             st_tensor** tensor, st_error* error);
  /** Adds a reference to the tensor; returns `tensor`. */
  st_tensor* (*tensor_ref)(st_tensor* tensor);
  /** Releases a reference to the tensor. */
  void (*tensor_unref)(st_tensor* tensor);
  /** The bytes; NULL for NULL, otherwise never NULL, even for 0 bytes. */
  const void* (*tensor_data)(const st_tensor* tensor);
  /** The bytes for writing if the file was opened with ST_ACCESS_WRITABLE, else NULL. */
  void* (*tensor_mutable_data)(st_tensor* tensor);
  /** Number of bytes; 0 for NULL. */
  uint64_t (*tensor_nbytes)(const st_tensor* tensor);
  /** The tensor's entry in the header; the pointers are valid as long as `tensor`. */
  st_status (*tensor_describe)(const st_tensor* tensor, st_tensor_info* info, st_error* error);
  /** Reads a tensor's bytes into the caller's `buffer` of `buffer_size` bytes. */
  st_status (*read_tensor)(const st_file* file, const char* name, uint64_t name_len, void* buffer,
                           uint64_t buffer_size, st_error* error);
  /** Reads `nbytes` bytes at `file_offset`, counted from the first byte of the file: for example a
   * tensor in pieces, to copy it to a device or to compute a checksum. */
  st_status (*read_at)(const st_file* file, uint64_t file_offset, void* buffer, uint64_t nbytes,
                       st_error* error);
  /** Starts to read `nbytes` bytes at `file_offset`, counted as in st_read_at, into the page cache,
   * and does not wait for them: later reads, and accesses to mapped bytes, find them in memory. */
  st_status (*file_prefetch)(const st_file* file, uint64_t file_offset, uint64_t nbytes,
                             st_error* error);
  /** Reads the elements starts[d] <= i < stops[d] of each dimension d into the caller's buffer,
   * dense, in row-major order. */
  st_status (*read_slice)(const st_file* file, const char* name, uint64_t name_len,
                          const uint64_t* starts, const uint64_t* stops, uint64_t rank,
                          void* buffer, uint64_t buffer_size, uint64_t* nbytes, st_error* error);
  /** Writes a file atomically. */
  st_status (*save)(const char* path, const st_save_tensor* tensors, uint64_t count,
                    const st_save_options* options, st_error* error);
  /** Size in bytes of the file that st_save would write. */
  st_status (*save_size)(const st_save_tensor* tensors, uint64_t count,
                         const st_save_options* options, uint64_t* nbytes, st_error* error);
  /** Writes the bytes of st_save into the caller's buffer. */
  st_status (*save_memory)(const st_save_tensor* tensors, uint64_t count,
                           const st_save_options* options, void* buffer, uint64_t buffer_size,
                           uint64_t* nbytes, st_error* error);
  /** Writes the bytes of st_save through a callback, in order, without a seek: to a pipe, a socket,
   * an object store, a file that cannot be replaced. */
  st_status (*save_io)(st_write_fn write, void* user_data, const st_save_tensor* tensors,
                       uint64_t count, const st_save_options* options, st_error* error);
  /** Writes tensors to `directory` as shards of at most max_shard_size and an index, or as one file
   * without an index if one shard holds all. */
  st_status (*save_set)(const char* directory, const st_save_tensor* tensors, uint64_t count,
                        const st_set_options* set, const st_save_options* options, st_error* error);
  /** Creates the writer of a set in `directory`, which is created if it does not exist. */
  st_status (*set_writer_open)(const char* directory, const st_set_options* set,
                               const st_save_options* options, st_set_writer** writer,
                               st_error* error);
  /** Adds a tensor with `nbytes` bytes at `data`, which the library writes before it returns;
   * `data` may be NULL if st_set_writer_has_tensor returns 1. */
  st_status (*set_writer_add)(st_set_writer* writer, const char* name, uint64_t name_len,
                              uint32_t dtype, const uint64_t* shape, uint64_t rank,
                              const void* data, uint64_t nbytes, st_error* error);
  /** Adds a tensor whose bytes the callback `fill` provides, in pieces of at most 4 MiB. */
  st_status (*set_writer_add_fill)(st_set_writer* writer, const char* name, uint64_t name_len,
                                   uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                   uint64_t nbytes, st_fill_fn fill, void* user_data,
                                   st_error* error);
  /** 1 if a complete shard that `resume` found has the tensor, so that its bytes are not needed;
   * else 0. */
  int32_t (*set_writer_has_tensor)(const st_set_writer* writer, const char* name,
                                   uint64_t name_len);
  /** Publishes the set, as st_save_set does. */
  st_status (*set_writer_commit)(st_set_writer* writer, st_error* error);
  /** Frees the writer; without a commit, removes what it wrote. */
  void (*set_writer_free)(st_set_writer* writer);
  /** Divides `tensors` (dtype, name, shape, storage_id, as in st_save_set; `data` and `fill` are
   * NULL, and `nbytes` may be 0) into shards as st_save_set does, and creates an empty file for
   * each shard in a subdirectory (.st-*) of `directory`, which is created if it does not exist. */
  st_status (*set_stage_open)(const char* directory, const st_save_tensor* tensors, uint64_t count,
                              const st_set_options* set, const st_save_options* options,
                              st_set_stage** stage, st_error* error);
  /** Number of shards; 0 for NULL. */
  uint64_t (*set_stage_shard_count)(const st_set_stage* stage);
  /** Path of a shard's file relative to the stage's directory, NUL-terminated; valid until the
   * stage is freed. */
  const char* (*set_stage_path)(const st_set_stage* stage, uint64_t shard);
  /** The shard of the tensor at `index` of the declared tensors; UINT64_MAX if `index` is not less
   * than their number. */
  uint64_t (*set_stage_shard_of)(const st_set_stage* stage, uint64_t index);
  /** Publishes the set, as st_save_set does, once all writers are done; with ST_DURABILITY_FSYNC,
   * syncs the files before. */
  st_status (*set_stage_commit)(st_set_stage* stage, st_error* error);
  /** Frees the stage; without a commit, removes the files of the shards, except in a child process
   * of the one that opened the stage. */
  void (*set_stage_free)(st_set_stage* stage);
  /** Joins a checkpoint in which each file has parts of tensors, as torch.distributed.checkpoint's
   * Hugging Face writer creates it, to a set in `directory`. */
  st_status (*consolidate)(const char* source_directory, const char* directory,
                           const st_set_options* set, const st_save_options* options,
                           st_error* error);
  /** Creates the writer of a file. */
  st_status (*writer_open)(const char* path, const st_save_tensor* tensors, uint64_t count,
                           const st_save_options* options, st_writer** writer, st_error* error);
  /** Writes `nbytes` bytes at `offset` of the tensor at `index` of the declared tensors. */
  st_status (*writer_write)(st_writer* writer, uint64_t index, uint64_t offset, const void* bytes,
                            uint64_t nbytes, st_error* error);
  /** Replaces the file at the path, as st_save does; the bytes are those of st_save. */
  st_status (*writer_commit)(st_writer* writer, st_error* error);
  /** Frees the writer; without a commit, removes what it wrote. */
  void (*writer_free)(st_writer* writer);
  /** Changes metadata entries and tensor names of a file and keeps its data bytes. */
  st_status (*edit_metadata)(const char* path, const st_edit* edit, const st_save_options* options,
                             uint32_t* method, st_error* error);
  /** Creates an empty builder. */
  st_status (*builder_new)(st_builder** builder, st_error* error);
  /** Frees a builder. */
  void (*builder_free)(st_builder* builder);
  /** Adds a tensor with `nbytes` bytes at `data`. */
  st_status (*builder_add)(st_builder* builder, const char* name, uint64_t name_len, uint32_t dtype,
                           const uint64_t* shape, uint64_t rank, const void* data, uint64_t nbytes,
                           st_error* error);
  /** Adds a tensor and a copy of its bytes, for callers whose memory may move or be freed before
   * the save. */
  st_status (*builder_add_copy)(st_builder* builder, const char* name, uint64_t name_len,
                                uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                const void* data, uint64_t nbytes, st_error* error);
  /** Adds a tensor whose bytes the callback `fill` provides, as in st_save_tensor. */
  st_status (*builder_add_fill)(st_builder* builder, const char* name, uint64_t name_len,
                                uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                uint64_t nbytes, st_fill_fn fill, void* user_data, st_error* error);
  /** Adds a tensor without bytes, for st_builder_open_writer. */
  st_status (*builder_declare)(st_builder* builder, const char* name, uint64_t name_len,
                               uint32_t dtype, const uint64_t* shape, uint64_t rank,
                               st_error* error);
  /** Adds a metadata entry. */
  st_status (*builder_add_metadata)(st_builder* builder, const char* key, uint64_t key_len,
                                    const char* value, uint64_t value_len, st_error* error);
  /** st_save of the builder's tensors. */
  st_status (*builder_save)(const st_builder* builder, const char* path,
                            const st_save_options* options, st_error* error);
  /** st_save_size of the builder's tensors, also of those without bytes. */
  st_status (*builder_save_size)(const st_builder* builder, const st_save_options* options,
                                 uint64_t* nbytes, st_error* error);
  /** st_save_memory of the builder's tensors. */
  st_status (*builder_save_memory)(const st_builder* builder, const st_save_options* options,
                                   void* buffer, uint64_t buffer_size, uint64_t* nbytes,
                                   st_error* error);
  /** st_save_io of the builder's tensors. */
  st_status (*builder_save_io)(const st_builder* builder, st_write_fn write, void* user_data,
                               const st_save_options* options, st_error* error);
  /** st_save_set of the builder's tensors. */
  st_status (*builder_save_set)(const st_builder* builder, const char* directory,
                                const st_set_options* set, const st_save_options* options,
                                st_error* error);
  /** st_writer_open of the builder's tensors, whose bytes are ignored; an index is the number of
   * tensors added before. */
  st_status (*builder_open_writer)(const st_builder* builder, const char* path,
                                   const st_save_options* options, st_writer** writer,
                                   st_error* error);
  /** A DLPack tensor over the bytes of `tensor`, on device kDLCPU, dense in row-major order, with
   * its strides. */
  st_status (*tensor_to_dlpack)(st_tensor* tensor, struct DLManagedTensorVersioned** managed,
                                st_error* error);
  /** The same for consumers that know only DLPack before 1.0. */
  st_status (*tensor_to_dlpack_unversioned)(st_tensor* tensor, struct DLManagedTensor** managed,
                                            st_error* error);
  /** st_builder_add of a DLPack tensor in CPU memory (kDLCPU, kDLCUDAHost, kDLROCMHost). */
  st_status (*builder_add_dlpack)(st_builder* builder, const char* name, uint64_t name_len,
                                  struct DLManagedTensorVersioned* managed, st_error* error);
  /** The same for the struct of DLPack before 1.0. */
  st_status (*builder_add_dlpack_unversioned)(st_builder* builder, const char* name,
                                              uint64_t name_len, struct DLManagedTensor* managed,
                                              st_error* error);
} st_functions;

/** Calls MACRO(member, symbol) for each member of st_functions. */
#define ST_FUNCTIONS(MACRO)                                            \
  MACRO(version, st_version)                                           \
  MACRO(version_string, st_version_string)                             \
  MACRO(status_name, st_status_name)                                   \
  MACRO(dtype_name, st_dtype_name)                                     \
  MACRO(dtype_bits, st_dtype_bits)                                     \
  MACRO(dtype_from_name, st_dtype_from_name)                           \
  MACRO(open, st_open)                                                 \
  MACRO(open_fd, st_open_fd)                                           \
  MACRO(open_memory, st_open_memory)                                   \
  MACRO(open_memory_copy, st_open_memory_copy)                         \
  MACRO(open_io, st_open_io)                                           \
  MACRO(open_set, st_open_set)                                         \
  MACRO(file_ref, st_file_ref)                                         \
  MACRO(close, st_close)                                               \
  MACRO(file_size, st_file_size)                                       \
  MACRO(file_data_offset, st_file_data_offset)                         \
  MACRO(file_is_mapped, st_file_is_mapped)                             \
  MACRO(file_identity, st_file_identity)                               \
  MACRO(file_verify_unchanged, st_file_verify_unchanged)               \
  MACRO(file_is_replaced, st_file_is_replaced)                         \
  MACRO(file_tensor_count, st_file_tensor_count)                       \
  MACRO(file_tensor_at, st_file_tensor_at)                             \
  MACRO(file_find_tensor, st_file_find_tensor)                         \
  MACRO(file_has_tensor, st_file_has_tensor)                           \
  MACRO(shard_count, st_shard_count)                                   \
  MACRO(shard_at, st_shard_at)                                         \
  MACRO(tensor_location, st_tensor_location)                           \
  MACRO(file_index_metadata, st_file_index_metadata)                   \
  MACRO(file_metadata_form, st_file_metadata_form)                     \
  MACRO(file_metadata_count, st_file_metadata_count)                   \
  MACRO(file_metadata_at, st_file_metadata_at)                         \
  MACRO(file_find_metadata, st_file_find_metadata)                     \
  MACRO(file_metadata_range, st_file_metadata_range)                   \
  MACRO(get_tensor, st_get_tensor)                                     \
  MACRO(get_tensor_at, st_get_tensor_at)                               \
  MACRO(tensor_ref, st_tensor_ref)                                     \
  MACRO(tensor_unref, st_tensor_unref)                                 \
  MACRO(tensor_data, st_tensor_data)                                   \
  MACRO(tensor_mutable_data, st_tensor_mutable_data)                   \
  MACRO(tensor_nbytes, st_tensor_nbytes)                               \
  MACRO(tensor_describe, st_tensor_describe)                           \
  MACRO(read_tensor, st_read_tensor)                                   \
  MACRO(read_at, st_read_at)                                           \
  MACRO(file_prefetch, st_file_prefetch)                               \
  MACRO(read_slice, st_read_slice)                                     \
  MACRO(save, st_save)                                                 \
  MACRO(save_size, st_save_size)                                       \
  MACRO(save_memory, st_save_memory)                                   \
  MACRO(save_io, st_save_io)                                           \
  MACRO(save_set, st_save_set)                                         \
  MACRO(set_writer_open, st_set_writer_open)                           \
  MACRO(set_writer_add, st_set_writer_add)                             \
  MACRO(set_writer_add_fill, st_set_writer_add_fill)                   \
  MACRO(set_writer_has_tensor, st_set_writer_has_tensor)               \
  MACRO(set_writer_commit, st_set_writer_commit)                       \
  MACRO(set_writer_free, st_set_writer_free)                           \
  MACRO(set_stage_open, st_set_stage_open)                             \
  MACRO(set_stage_shard_count, st_set_stage_shard_count)               \
  MACRO(set_stage_path, st_set_stage_path)                             \
  MACRO(set_stage_shard_of, st_set_stage_shard_of)                     \
  MACRO(set_stage_commit, st_set_stage_commit)                         \
  MACRO(set_stage_free, st_set_stage_free)                             \
  MACRO(consolidate, st_consolidate)                                   \
  MACRO(writer_open, st_writer_open)                                   \
  MACRO(writer_write, st_writer_write)                                 \
  MACRO(writer_commit, st_writer_commit)                               \
  MACRO(writer_free, st_writer_free)                                   \
  MACRO(edit_metadata, st_edit_metadata)                               \
  MACRO(builder_new, st_builder_new)                                   \
  MACRO(builder_free, st_builder_free)                                 \
  MACRO(builder_add, st_builder_add)                                   \
  MACRO(builder_add_copy, st_builder_add_copy)                         \
  MACRO(builder_add_fill, st_builder_add_fill)                         \
  MACRO(builder_declare, st_builder_declare)                           \
  MACRO(builder_add_metadata, st_builder_add_metadata)                 \
  MACRO(builder_save, st_builder_save)                                 \
  MACRO(builder_save_size, st_builder_save_size)                       \
  MACRO(builder_save_memory, st_builder_save_memory)                   \
  MACRO(builder_save_io, st_builder_save_io)                           \
  MACRO(builder_save_set, st_builder_save_set)                         \
  MACRO(builder_open_writer, st_builder_open_writer)                   \
  MACRO(tensor_to_dlpack, st_tensor_to_dlpack)                         \
  MACRO(tensor_to_dlpack_unversioned, st_tensor_to_dlpack_unversioned) \
  MACRO(builder_add_dlpack, st_builder_add_dlpack)                     \
  MACRO(builder_add_dlpack_unversioned, st_builder_add_dlpack_unversioned)

#endif
