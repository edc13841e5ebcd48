# Dtypes and the floating-point types that Julia does not have.

# Values by the definitions of the formats, from all codes.
function decoded(mantissa, bias, code)
    exponent, fraction = (code & 0x7f) >> mantissa, code & (2^mantissa - 1)
    value = exponent == 0 ? fraction * 2.0^(1 - bias - mantissa) : (1 + fraction / 2^mantissa) * 2.0^(exponent - bias)
    return code > 0x7f ? -value : value
end

@testset "every dtype has the bits of its Julia type" begin
    for (name, type) in pairs(ST.ELEMENT_TYPES)
        @test ST.dtype_bits(name) == 8 * sizeof(type)
        @test ST.dtype(type) == name
        @test ST.element_type(ST.dtype_from_name(String(name))) === type
    end
    @test map(ST.dtype_bits, (:F4, :F6_E2M3, :F6_E3M2)) == (4, 6, 6)
    @test code_of(() -> ST.dtype_from_name("F5")) == ST.ST_E_DTYPE
    @test_throws ArgumentError ST.dtype(Int128)
    @test ST.dtype_symbol(UInt32(999)) == :dtype_999
end

@testset "8-bit floats have the values of their formats" begin
    for (type, mantissa, bias, specials) in (
        (ST.F8_E4M3, 3, 7, [0x7f, 0xff]),
        (ST.F8_E5M2, 2, 15, [0x7c:0x7f; 0xfc:0xff]),
        (ST.F8_E4M3FNUZ, 3, 8, [0x80]),
        (ST.F8_E5M2FNUZ, 2, 16, [0x80]),
    )
        for code in setdiff(0x00:0xff, specials)
            number = reinterpret(type, code)
            @test Float64(number) === decoded(mantissa, bias, Int(code))
            @test reinterpret(UInt8, type(Float64(number))) == code
        end
    end
    @test all(code -> isnan(reinterpret(ST.F8_E4M3, code)), (0x7f, 0xff))
    @test Float32(reinterpret(ST.F8_E5M2, 0xfc)) == -Inf32
    @test all(code -> isnan(reinterpret(ST.F8_E5M2, code)), (0x7d, 0x7f, 0xfd))
    @test isnan(reinterpret(ST.F8_E4M3FNUZ, 0x80)) && isnan(reinterpret(ST.F8_E5M2FNUZ, 0x80))
end

@testset "conversions round to nearest, ties to even" begin
    @test Float32(ST.F8_E4M3(1.0625)) == 1.0 && Float32(ST.F8_E4M3(1.1875)) == 1.25
    @test isnan(ST.F8_E4M3(1000)) && Float32(ST.F8_E4M3(448)) == 448
    @test isinf(ST.F8_E5M2(1e6)) && isnan(ST.F8_E4M3FNUZ(Inf))
    @test Float32(ST.F8_E4M3(2.0^-10)) == 0 && Float32(ST.F8_E4M3(1.5 * 2.0^-9)) == 2.0^-8
    @test ST.bits(ST.F8_E4M3FNUZ(-0.0)) == 0x00 && ST.bits(ST.F8_E4M3(-0.0)) == 0x80
    @test ST.bits(ST.BF16(1.0f0)) == 0x3f80 && Float32(ST.BF16(3.14159f0)) == 3.140625f0
    @test ST.bits(ST.BF16(1.00390625f0)) == 0x3f80 && ST.bits(ST.BF16(1.01171875f0)) == 0x3f82
    @test isnan(ST.BF16(NaN)) && ST.BF16(-Inf) == ST.BF16(-Inf32)
    @test Float32(reinterpret(ST.F8_E8M0, 0x80)) == 2 && ST.bits(ST.F8_E8M0(0.5)) == 0x7e
    @test isnan(reinterpret(ST.F8_E8M0, 0xff)) && isnan(ST.F8_E8M0(NaN))
    @test_throws InexactError ST.F8_E8M0(3)
end

@testset "small floats compute and print" begin
    x = ST.BF16(1.5)
    @test x + x == ST.BF16(3) && x < ST.BF16(2) && -x == ST.BF16(-1.5) && abs(-x) == x
    @test x + 1.0f0 === 2.5f0 && x * 2 == ST.BF16(3) && sum([x, x]) == 3
    @test sprint(show, x) == "BF16(1.5)"
    @test Int(ST.BF16(4)) === 4 && zero(ST.F8_E5M2) == 0 && hash(x) == hash(1.5f0)
end

@testset "tensors of every dtype are read as they were written" begin
    tensors = Dict{String,Any}()
    for (name, type) in pairs(ST.ELEMENT_TYPES)
        raw = reshape(repeat([0x01, 0x00], 3 * sizeof(type)), :)
        tensors[String(name)] = permutedims(reshape(reinterpret(type, raw[1:(6 * sizeof(type))]), 3, 2))
    end
    tensors["f4"] = ST.Packed(:F4, (2, 3), [0x12, 0x34, 0x56])
    tensors["f6"] = ST.Packed(:F6_E2M3, (4,), view(UInt8[0, 1, 2, 3], 2:4))
    loaded = ST.load(ST.save_memory(tensors))
    @test keys(loaded) == keys(tensors)
    for (name, value) in tensors
        @test loaded[name] == value
        @test eltype(loaded[name]) == eltype(value)
    end
    @test loaded["f4"].shape == [2, 3] && sprint(show, loaded["f4"]) == "Packed(:F4, [2, 3], 3 bytes)"
    @test code_of(() -> ST.save_memory(Dict("x" => ST.Packed(:F4, (3,), [0x12, 0x34])))) == ST.ST_E_SUBBYTE
end
