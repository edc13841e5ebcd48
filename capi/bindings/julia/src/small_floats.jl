# The floating-point types that Julia does not have.

"""
    Safetensors.SmallFloat <: AbstractFloat

Floating-point numbers of 8 and 16 bits that Julia does not have: `BF16`, `F8_E4M3`, `F8_E5M2`, `F8_E8M0`,
`F8_E4M3FNUZ` and `F8_E5M2FNUZ`. They convert from and to other numbers (`Float32(x)`, `BF16(1.5)`,
rounded to nearest, ties to even), compare, and compute in `Float32`. `reinterpret` gives the bits.
"""
abstract type SmallFloat <: AbstractFloat end

"The 16 high bits of a `Float32`: dtype BF16."
primitive type BF16 <: SmallFloat 16 end
"4 exponent bits, 3 mantissa bits, no infinity (E4M3FN): dtype F8_E4M3."
primitive type F8_E4M3 <: SmallFloat 8 end
"5 exponent bits, 2 mantissa bits: dtype F8_E5M2."
primitive type F8_E5M2 <: SmallFloat 8 end
"A power of two, without sign: dtype F8_E8M0. Conversion to it throws `InexactError` for other numbers."
primitive type F8_E8M0 <: SmallFloat 8 end
"4 exponent bits, 3 mantissa bits, no infinity, no negative zero: dtype F8_E4M3FNUZ."
primitive type F8_E4M3FNUZ <: SmallFloat 8 end
"5 exponent bits, 2 mantissa bits, no infinity, no negative zero: dtype F8_E5M2FNUZ."
primitive type F8_E5M2FNUZ <: SmallFloat 8 end

bits(x::BF16) = reinterpret(UInt16, x)
bits(x::SmallFloat) = reinterpret(UInt8, x)

# Layouts of the types with a sign: mantissa bits, exponent bias, the code of the largest finite
# number, and that of what exceeds it.
layout(::Type{F8_E4M3}) = (mantissa = 3, bias = 7, largest = 0x7e, overflow = 0x7f)
layout(::Type{F8_E5M2}) = (mantissa = 2, bias = 15, largest = 0x7b, overflow = 0x7c)
layout(::Type{F8_E4M3FNUZ}) = (mantissa = 3, bias = 8, largest = 0x7f, overflow = 0x80)
layout(::Type{F8_E5M2FNUZ}) = (mantissa = 2, bias = 16, largest = 0x7f, overflow = 0x80)

const FNUZ = Union{F8_E4M3FNUZ,F8_E5M2FNUZ}
const Signed8 = Union{F8_E4M3,F8_E5M2,F8_E4M3FNUZ,F8_E5M2FNUZ}

Base.isnan(x::BF16) = isnan(Float32(x))
Base.isnan(x::F8_E4M3) = bits(x) & 0x7f == 0x7f
Base.isnan(x::F8_E5M2) = bits(x) & 0x7f > 0x7c
Base.isnan(x::FNUZ) = bits(x) == 0x80
Base.isnan(x::F8_E8M0) = bits(x) == 0xff

Base.Float32(x::BF16) = reinterpret(Float32, UInt32(bits(x)) << 16)

function Base.Float32(x::T) where {T<:Signed8}
    isnan(x) && return NaN32
    form = layout(T)
    code = Int(bits(x) & 0x7f)
    exponent, mantissa = code >> form.mantissa, code & (1 << form.mantissa - 1)
    value = if code > form.largest
        Inf32
    elseif exponent == 0
        ldexp(Float32(mantissa), 1 - form.bias - form.mantissa)
    else
        ldexp(Float32(mantissa + 1 << form.mantissa), exponent - form.bias - form.mantissa)
    end
    return bits(x) > 0x7f ? -value : value
end

Base.Float32(x::F8_E8M0) = isnan(x) ? NaN32 : ldexp(1.0f0, Int(bits(x)) - 127)

function BF16(x::Float32)
    isnan(x) && return reinterpret(BF16, 0x7fc0)
    pattern = reinterpret(UInt32, x)
    rounded = pattern + 0x7fff + (pattern >> 16 & 1)
    return reinterpret(BF16, UInt16(rounded >> 16))
end

function (::Type{T})(x::Float32) where {T<:Signed8}
    form = layout(T)
    nan = T <: FNUZ ? 0x80 : 0x7f
    isnan(x) && return reinterpret(T, nan)
    code = isinf(x) ? form.overflow : magnitude_code(abs(x), form)
    # FNUZ types have one zero, and their NaN has the sign bit.
    negative = signbit(x) && !(T <: FNUZ && (code == 0x00 || code == nan))
    return reinterpret(T, negative ? code | 0x80 : code)
end

function magnitude_code(x::Float32, form)
    iszero(x) && return 0x00
    scale = max(exponent(x), 1 - form.bias)
    quanta = round(Int, ldexp(x, form.mantissa - scale))
    # The implicit bit of `quanta` adds 1 to the exponent of a normal number, and a carry one more.
    code = (scale + form.bias - 1) << form.mantissa + quanta
    return code > form.largest ? form.overflow : UInt8(code)
end

function F8_E8M0(x::Float32)
    isnan(x) && return reinterpret(F8_E8M0, 0xff)
    (x > 0 && isfinite(x) && ldexp(1.0f0, exponent(x)) == x) || throw(InexactError(:F8_E8M0, F8_E8M0, x))
    return reinterpret(F8_E8M0, UInt8(exponent(x) + 127))
end

(::Type{T})(x::T) where {T<:SmallFloat} = x
(::Type{T})(x::Real) where {T<:SmallFloat} = T(Float32(x))
(::Type{T})(x::Rational) where {T<:SmallFloat} = T(Float32(x))
Base.Float64(x::SmallFloat) = Float64(Float32(x))
Base.Float16(x::SmallFloat) = Float16(Float32(x))
Base.BigFloat(x::SmallFloat) = BigFloat(Float32(x))
(::Type{T})(x::SmallFloat) where {T<:Integer} = T(Float32(x))
Base.Bool(x::SmallFloat) = Bool(Float32(x))

Base.promote_rule(::Type{<:SmallFloat}, ::Type{T}) where {T<:Union{Float32,Float64,BigFloat}} = T
Base.promote_rule(::Type{<:SmallFloat}, ::Type{Float16}) = Float32
Base.promote_rule(::Type{T}, ::Type{<:Integer}) where {T<:SmallFloat} = T
Base.promote_rule(::Type{<:SmallFloat}, ::Type{<:SmallFloat}) = Float32

for operation in (:+, :-, :*, :/, :^)
    @eval Base.$operation(x::T, y::T) where {T<:SmallFloat} = T($operation(Float32(x), Float32(y)))
end
for comparison in (:(==), :<, :<=, :isless)
    @eval Base.$comparison(x::T, y::T) where {T<:SmallFloat} = $comparison(Float32(x), Float32(y))
end
Base.:-(x::T) where {T<:SmallFloat} = T(-Float32(x))
Base.abs(x::T) where {T<:SmallFloat} = T(abs(Float32(x)))
Base.signbit(x::SmallFloat) = signbit(Float32(x))
Base.isinf(x::SmallFloat) = isinf(Float32(x))
Base.isfinite(x::SmallFloat) = isfinite(Float32(x))
Base.hash(x::SmallFloat, seed::UInt) = hash(Float32(x), seed)
Base.round(x::T, mode::RoundingMode) where {T<:SmallFloat} = T(round(Float32(x), mode))
Base.show(io::IO, x::T) where {T<:SmallFloat} = print(io, nameof(T), "(", Float32(x), ")")
