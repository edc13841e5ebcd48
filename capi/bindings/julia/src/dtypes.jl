# Dtypes of the format and the Julia types of their elements.

const DTYPES = (
    BOOL = 1,
    F4 = 2,
    F6_E2M3 = 3,
    F6_E3M2 = 4,
    U8 = 5,
    I8 = 6,
    F8_E5M2 = 7,
    F8_E4M3 = 8,
    F8_E8M0 = 9,
    F8_E4M3FNUZ = 10,
    F8_E5M2FNUZ = 11,
    I16 = 12,
    U16 = 13,
    F16 = 14,
    BF16 = 15,
    I32 = 16,
    U32 = 17,
    F32 = 18,
    C64 = 19,
    F64 = 20,
    I64 = 21,
    U64 = 22,
)

const ELEMENT_TYPES = (
    BOOL = Bool,
    U8 = UInt8,
    I8 = Int8,
    F8_E5M2 = F8_E5M2,
    F8_E4M3 = F8_E4M3,
    F8_E8M0 = F8_E8M0,
    F8_E4M3FNUZ = F8_E4M3FNUZ,
    F8_E5M2FNUZ = F8_E5M2FNUZ,
    I16 = Int16,
    U16 = UInt16,
    F16 = Float16,
    BF16 = BF16,
    I32 = Int32,
    U32 = UInt32,
    F32 = Float32,
    C64 = ComplexF32,
    F64 = Float64,
    I64 = Int64,
    U64 = UInt64,
)

"""
    Safetensors.dtype(T) -> Symbol

The dtype that arrays with elements of type `T` are saved as: `:F32` for `Float32`. Other packages may
add methods for their types of the same bits.
"""
dtype(::Type{T}) where {T} = throw(ArgumentError("safetensors has no dtype for elements of type $T"))

for (name, type) in pairs(ELEMENT_TYPES)
    @eval dtype(::Type{$type}) = $(QuoteNode(name))
end
if isdefined(Core, :BFloat16)
    dtype(::Type{Core.BFloat16}) = :BF16
end

dtype_value(name::Symbol) =
    haskey(DTYPES, name) ? UInt32(DTYPES[name]) : throw(ArgumentError("unknown dtype :$name"))
dtype_value(::Type{T}) where {T} = dtype_value(dtype(T))

# The name of a dtype that the library returned; those of later releases included.
function dtype_symbol(value::UInt32)
    name = st_dtype_name(value)
    return name == C_NULL ? Symbol("dtype_", value) : Symbol(unsafe_string(name))
end

const TYPE_OF_VALUE = let types = Vector{Any}(nothing, maximum(values(DTYPES)))
    for (name, type) in pairs(ELEMENT_TYPES)
        types[DTYPES[name]] = type
    end
    types
end

# The element type, or nothing for F4, F6 and dtypes of later releases.
element_type(value::UInt32) = 1 <= value <= length(TYPE_OF_VALUE) ? TYPE_OF_VALUE[value] : nothing

"""
    Safetensors.dtype_bits(dtype::Symbol) -> Int

Bits per element: 16 for `:BF16`, 4 for `:F4`.
"""
dtype_bits(name::Symbol) = Int(st_dtype_bits(dtype_from_name(String(name))))

"""
    Safetensors.dtype_from_name(name) -> UInt32

The value of the C constant of a dtype, `0x00000012` for `"F32"`. Throws `ST_E_DTYPE` for another name.
"""
function dtype_from_name(name::AbstractString)
    text = String(name)
    value = Ref{UInt32}(0)
    error = new_error()
    check(st_dtype_from_name(text, sizeof(text), value, error), error)
    return value[]
end
