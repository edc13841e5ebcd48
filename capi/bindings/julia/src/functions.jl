# The functions of safetensors.h, which documents them. st_open's symbol is st_open_file.

@c st_version()::UInt32
@c st_version_string()::Ptr{UInt8}
@c st_status_name(status::Int32)::Ptr{UInt8}
@c st_dtype_name(dtype::UInt32)::Ptr{UInt8}
@c st_dtype_bits(dtype::UInt32)::UInt32
@c st_dtype_from_name(
    name::Ptr{UInt8}, name_len::UInt64, dtype::Ptr{UInt32}, error::Ptr{CError},
)::Int32
@c st_open_file(
    path::Cstring, options::Ptr{COpenOptions}, file::Ptr{Ptr{Cvoid}}, error::Ptr{CError},
)::Int32
@c st_open_fd(
    fd::Cint, options::Ptr{COpenOptions}, file::Ptr{Ptr{Cvoid}}, error::Ptr{CError},
)::Int32
@c st_open_memory(
    bytes::Ptr{Cvoid}, nbytes::UInt64, release::Ptr{Cvoid}, user_data::Ptr{Cvoid},
    options::Ptr{COpenOptions}, file::Ptr{Ptr{Cvoid}}, error::Ptr{CError},
)::Int32
@c st_open_memory_copy(
    bytes::Ptr{Cvoid}, nbytes::UInt64, options::Ptr{COpenOptions}, file::Ptr{Ptr{Cvoid}},
    error::Ptr{CError},
)::Int32
@c st_open_io(
    io::Ptr{CIO}, options::Ptr{COpenOptions}, file::Ptr{Ptr{Cvoid}}, error::Ptr{CError},
)::Int32
@c st_open_set(
    path::Cstring, options::Ptr{COpenOptions}, file::Ptr{Ptr{Cvoid}}, error::Ptr{CError},
)::Int32
@c st_file_ref(file::Ptr{Cvoid})::Ptr{Cvoid}
@c st_close(file::Ptr{Cvoid})::Cvoid
@c st_file_size(file::Ptr{Cvoid})::UInt64
@c st_file_data_offset(file::Ptr{Cvoid})::UInt64
@c st_file_is_mapped(file::Ptr{Cvoid})::Int32
@c st_file_identity(file::Ptr{Cvoid}, identity::Ptr{CIdentity}, error::Ptr{CError})::Int32
@c st_file_verify_unchanged(file::Ptr{Cvoid}, error::Ptr{CError})::Int32
@c st_file_is_replaced(file::Ptr{Cvoid}, replaced::Ptr{Int32}, error::Ptr{CError})::Int32
@c st_file_tensor_count(file::Ptr{Cvoid})::UInt64
@c st_file_tensor_at(
    file::Ptr{Cvoid}, order::UInt32, index::UInt64, info::Ptr{CTensorInfo}, error::Ptr{CError},
)::Int32
@c st_file_find_tensor(
    file::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, info::Ptr{CTensorInfo},
    error::Ptr{CError},
)::Int32
@c st_file_has_tensor(file::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64)::Int32
@c st_shard_count(file::Ptr{Cvoid})::UInt64
@c st_shard_at(file::Ptr{Cvoid}, index::UInt64, shard::Ptr{CShard}, error::Ptr{CError})::Int32
@c st_tensor_location(
    file::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, location::Ptr{CLocation},
    error::Ptr{CError},
)::Int32
@c st_file_index_metadata(
    file::Ptr{Cvoid}, text::Ptr{Ptr{UInt8}}, text_len::Ptr{UInt64}, error::Ptr{CError},
)::Int32
@c st_file_metadata_form(file::Ptr{Cvoid})::UInt32
@c st_file_metadata_count(file::Ptr{Cvoid})::UInt64
@c st_file_metadata_at(
    file::Ptr{Cvoid}, index::UInt64, entry::Ptr{CMetadataEntry}, error::Ptr{CError},
)::Int32
@c st_file_find_metadata(
    file::Ptr{Cvoid}, key::Ptr{UInt8}, key_len::UInt64, value::Ptr{Ptr{UInt8}},
    value_len::Ptr{UInt64}, error::Ptr{CError},
)::Int32
@c st_file_metadata_range(
    file::Ptr{Cvoid}, key::Ptr{UInt8}, key_len::UInt64, file_offset::Ptr{UInt64},
    nbytes::Ptr{UInt64}, error::Ptr{CError},
)::Int32
@c st_get_tensor(
    file::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, tensor::Ptr{Ptr{Cvoid}},
    error::Ptr{CError},
)::Int32
@c st_get_tensor_at(
    file::Ptr{Cvoid}, order::UInt32, index::UInt64, tensor::Ptr{Ptr{Cvoid}}, error::Ptr{CError},
)::Int32
@c st_tensor_ref(tensor::Ptr{Cvoid})::Ptr{Cvoid}
@c st_tensor_unref(tensor::Ptr{Cvoid})::Cvoid
@c st_tensor_data(tensor::Ptr{Cvoid})::Ptr{Cvoid}
@c st_tensor_mutable_data(tensor::Ptr{Cvoid})::Ptr{Cvoid}
@c st_tensor_nbytes(tensor::Ptr{Cvoid})::UInt64
@c st_tensor_describe(tensor::Ptr{Cvoid}, info::Ptr{CTensorInfo}, error::Ptr{CError})::Int32
@c st_read_tensor(
    file::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, buffer::Ptr{Cvoid}, buffer_size::UInt64,
    error::Ptr{CError},
)::Int32
@c st_file_prefetch(
    file::Ptr{Cvoid}, file_offset::UInt64, nbytes::UInt64, error::Ptr{CError},
)::Int32
@c st_read_at(
    file::Ptr{Cvoid}, file_offset::UInt64, buffer::Ptr{Cvoid}, nbytes::UInt64, error::Ptr{CError},
)::Int32
@c st_read_slice(
    file::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, starts::Ptr{UInt64}, stops::Ptr{UInt64},
    rank::UInt64, buffer::Ptr{Cvoid}, buffer_size::UInt64, nbytes::Ptr{UInt64}, error::Ptr{CError},
)::Int32
@c st_save(
    path::Cstring, tensors::Ptr{CSaveTensor}, count::UInt64, options::Ptr{CSaveOptions},
    error::Ptr{CError},
)::Int32
@c st_save_size(
    tensors::Ptr{CSaveTensor}, count::UInt64, options::Ptr{CSaveOptions}, nbytes::Ptr{UInt64},
    error::Ptr{CError},
)::Int32
@c st_save_memory(
    tensors::Ptr{CSaveTensor}, count::UInt64, options::Ptr{CSaveOptions}, buffer::Ptr{Cvoid},
    buffer_size::UInt64, nbytes::Ptr{UInt64}, error::Ptr{CError},
)::Int32
@c st_save_io(
    write::Ptr{Cvoid}, user_data::Ptr{Cvoid}, tensors::Ptr{CSaveTensor}, count::UInt64,
    options::Ptr{CSaveOptions}, error::Ptr{CError},
)::Int32
@c st_save_set(
    directory::Cstring, tensors::Ptr{CSaveTensor}, count::UInt64, set::Ptr{CSetOptions},
    options::Ptr{CSaveOptions}, error::Ptr{CError},
)::Int32
@c st_set_writer_open(
    directory::Cstring, set::Ptr{CSetOptions}, options::Ptr{CSaveOptions}, writer::Ptr{Ptr{Cvoid}},
    error::Ptr{CError},
)::Int32
@c st_set_writer_add(
    writer::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, dtype::UInt32, shape::Ptr{UInt64},
    rank::UInt64, data::Ptr{Cvoid}, nbytes::UInt64, error::Ptr{CError},
)::Int32
@c st_set_writer_add_fill(
    writer::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, dtype::UInt32, shape::Ptr{UInt64},
    rank::UInt64, nbytes::UInt64, fill::Ptr{Cvoid}, user_data::Ptr{Cvoid}, error::Ptr{CError},
)::Int32
@c st_set_writer_has_tensor(writer::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64)::Int32
@c st_set_writer_commit(writer::Ptr{Cvoid}, error::Ptr{CError})::Int32
@c st_set_writer_free(writer::Ptr{Cvoid})::Cvoid
@c st_set_stage_open(
    directory::Cstring, tensors::Ptr{CSaveTensor}, count::UInt64, set::Ptr{CSetOptions},
    options::Ptr{CSaveOptions}, stage::Ptr{Ptr{Cvoid}}, error::Ptr{CError},
)::Int32
@c st_set_stage_shard_count(stage::Ptr{Cvoid})::UInt64
@c st_set_stage_path(stage::Ptr{Cvoid}, shard::UInt64)::Ptr{UInt8}
@c st_set_stage_shard_of(stage::Ptr{Cvoid}, index::UInt64)::UInt64
@c st_set_stage_commit(stage::Ptr{Cvoid}, error::Ptr{CError})::Int32
@c st_set_stage_free(stage::Ptr{Cvoid})::Cvoid
@c st_consolidate(
    source_directory::Cstring, directory::Cstring, set::Ptr{CSetOptions},
    options::Ptr{CSaveOptions}, error::Ptr{CError},
)::Int32
@c st_writer_open(
    path::Cstring, tensors::Ptr{CSaveTensor}, count::UInt64, options::Ptr{CSaveOptions},
    writer::Ptr{Ptr{Cvoid}}, error::Ptr{CError},
)::Int32
@c st_writer_write(
    writer::Ptr{Cvoid}, index::UInt64, offset::UInt64, bytes::Ptr{Cvoid}, nbytes::UInt64,
    error::Ptr{CError},
)::Int32
@c st_writer_commit(writer::Ptr{Cvoid}, error::Ptr{CError})::Int32
@c st_writer_free(writer::Ptr{Cvoid})::Cvoid
@c st_edit_metadata(
    path::Cstring, edit::Ptr{CEdit}, options::Ptr{CSaveOptions}, method::Ptr{UInt32},
    error::Ptr{CError},
)::Int32
@c st_builder_new(builder::Ptr{Ptr{Cvoid}}, error::Ptr{CError})::Int32
@c st_builder_free(builder::Ptr{Cvoid})::Cvoid
@c st_builder_add(
    builder::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, dtype::UInt32, shape::Ptr{UInt64},
    rank::UInt64, data::Ptr{Cvoid}, nbytes::UInt64, error::Ptr{CError},
)::Int32
@c st_builder_add_copy(
    builder::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, dtype::UInt32, shape::Ptr{UInt64},
    rank::UInt64, data::Ptr{Cvoid}, nbytes::UInt64, error::Ptr{CError},
)::Int32
@c st_builder_add_fill(
    builder::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, dtype::UInt32, shape::Ptr{UInt64},
    rank::UInt64, nbytes::UInt64, fill::Ptr{Cvoid}, user_data::Ptr{Cvoid}, error::Ptr{CError},
)::Int32
@c st_builder_declare(
    builder::Ptr{Cvoid}, name::Ptr{UInt8}, name_len::UInt64, dtype::UInt32, shape::Ptr{UInt64},
    rank::UInt64, error::Ptr{CError},
)::Int32
@c st_builder_add_metadata(
    builder::Ptr{Cvoid}, key::Ptr{UInt8}, key_len::UInt64, value::Ptr{UInt8}, value_len::UInt64,
    error::Ptr{CError},
)::Int32
@c st_builder_save(
    builder::Ptr{Cvoid}, path::Cstring, options::Ptr{CSaveOptions}, error::Ptr{CError},
)::Int32
@c st_builder_save_size(
    builder::Ptr{Cvoid}, options::Ptr{CSaveOptions}, nbytes::Ptr{UInt64}, error::Ptr{CError},
)::Int32
@c st_builder_save_memory(
    builder::Ptr{Cvoid}, options::Ptr{CSaveOptions}, buffer::Ptr{Cvoid}, buffer_size::UInt64,
    nbytes::Ptr{UInt64}, error::Ptr{CError},
)::Int32
@c st_builder_save_io(
    builder::Ptr{Cvoid}, write::Ptr{Cvoid}, user_data::Ptr{Cvoid}, options::Ptr{CSaveOptions},
    error::Ptr{CError},
)::Int32
@c st_builder_save_set(
    builder::Ptr{Cvoid}, directory::Cstring, set::Ptr{CSetOptions}, options::Ptr{CSaveOptions},
    error::Ptr{CError},
)::Int32
@c st_builder_open_writer(
    builder::Ptr{Cvoid}, path::Cstring, options::Ptr{CSaveOptions}, writer::Ptr{Ptr{Cvoid}},
    error::Ptr{CError},
)::Int32
