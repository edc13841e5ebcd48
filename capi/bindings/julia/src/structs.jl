# The structs of safetensors.h with the same layouts. test/layout.jl compares sizes and offsets.

struct CError
    size::UInt32
    code::Int32
    os_error::Int32
    reserved::Int32
    position::UInt64
    message::NTuple{256,UInt8}
end

struct COpenOptions
    size::UInt32
    backend::UInt32
    strictness::UInt32
    access::UInt32
    max_header_size::UInt64
    set_policy::UInt32
    unaligned::UInt32
end

struct CIO
    size::UInt32
    reserved::UInt32
    nbytes::UInt64
    read_at::Ptr{Cvoid}
    release::Ptr{Cvoid}
    user_data::Ptr{Cvoid}
end

struct CIdentity
    size::UInt32
    reserved::UInt32
    device::UInt64
    inode::UInt64
    nbytes::UInt64
    header_nbytes::UInt64
end

struct CTensorInfo
    size::UInt32
    dtype::UInt32
    name::Ptr{UInt8}
    name_len::UInt64
    shape::Ptr{UInt64}
    rank::UInt64
    nbytes::UInt64
    file_offset::UInt64
end

struct CShard
    size::UInt32
    reserved::UInt32
    path::Ptr{UInt8}
    first_offset::UInt64
    nbytes::UInt64
    tensor_count::UInt64
end

struct CLocation
    size::UInt32
    fd::Int32
    shard::UInt64
    path::Ptr{UInt8}
    file_offset::UInt64
    nbytes::UInt64
end

struct CMetadataEntry
    size::UInt32
    reserved::UInt32
    key::Ptr{UInt8}
    key_len::UInt64
    value::Ptr{UInt8}
    value_len::UInt64
end

struct CSaveTensor
    size::UInt32
    dtype::UInt32
    name::Ptr{UInt8}
    name_len::UInt64
    shape::Ptr{UInt64}
    rank::UInt64
    nbytes::UInt64
    data::Ptr{Cvoid}
    fill::Ptr{Cvoid}
    user_data::Ptr{Cvoid}
    storage_id::UInt64
    storage_nbytes::UInt64
    reserved::UInt64
    reserved2::UInt64
end

struct CSaveOptions
    size::UInt32
    durability::UInt32
    mode::UInt32
    link::UInt32
    metadata_form::UInt32
    reserved::UInt32
    alignment::UInt64
    metadata::Ptr{CMetadataEntry}
    metadata_count::UInt64
    progress::Ptr{Cvoid}
    progress_user_data::Ptr{Cvoid}
end

struct CSetOptions
    size::UInt32
    split::UInt32
    index_format::UInt32
    resume::UInt32
    max_shard_size::UInt64
    stem::Ptr{UInt8}
    stem_len::UInt64
    variant::Ptr{UInt8}
    variant_len::UInt64
    index_metadata::Ptr{CMetadataEntry}
    index_metadata_count::UInt64
    total_parameters::UInt64
end

struct CEdit
    size::UInt32
    in_place::UInt32
    set::Ptr{CMetadataEntry}
    set_count::UInt64
    remove::Ptr{CMetadataEntry}
    remove_count::UInt64
    rename::Ptr{CMetadataEntry}
    rename_count::UInt64
end

const STRUCTS = (
    st_error = CError,
    st_open_options = COpenOptions,
    st_io = CIO,
    st_identity = CIdentity,
    st_tensor_info = CTensorInfo,
    st_shard = CShard,
    st_location = CLocation,
    st_metadata_entry = CMetadataEntry,
    st_save_tensor = CSaveTensor,
    st_save_options = CSaveOptions,
    st_set_options = CSetOptions,
    st_edit = CEdit,
)

zero_of(::Type{T}) where {T} = zero(T)
zero_of(::Type{Ptr{T}}) where {T} = Ptr{T}(0)
zero_of(::Type{NTuple{N,UInt8}}) where {N} = ntuple(_ -> 0x00, N)

# ST_*_INIT: the size and zeros.
@generated function initial(::Type{T}) where {T}
    zeros = map(zero_of, fieldtypes(T))
    return :($T($(sizeof(T)), $(Base.tail(zeros)...)))
end
