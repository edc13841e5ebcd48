# Reading tensors and slices into memory of the program.

@testset "a tensor is read into an Array of the program's own" begin
    file = ST.File(sample_bytes())
    for (name, value) in SAMPLE
        result = ST.read_tensor(file, name)
        @test result isa Array && result == value && eltype(result) == eltype(value)
    end
    @test code_of(() -> ST.read_tensor(file, "absent")) == ST.ST_E_TENSOR_NOT_FOUND
end

@testset "a tensor is read into the caller's array" begin
    file = ST.File(sample_bytes())
    weight = SAMPLE["weight"]
    @test ST.read_tensor!(zeros(Float32, 3), file, "bias") == SAMPLE["bias"]
    @test ST.read_tensor!(zeros(Float32, 3, 4), file, "weight") == weight
    memory = zeros(Float32, 4, 3)
    @test ST.read_tensor!(ST.row_major(memory), file, "weight") == weight && memory == permutedims(weight)
    @test ST.read_tensor!(view(zeros(Float32, 4, 5), 2:4, 1:4), file, "weight") == weight
    @test ST.read_tensor!(fill(false, 3), file, "flags") == SAMPLE["flags"]
    @test_throws DimensionMismatch ST.read_tensor!(zeros(Float32, 4, 3), file, "weight")
    @test_throws DimensionMismatch ST.read_tensor!(zeros(Float64, 3), file, "bias")
end

@testset "bytes are read into the caller's buffer" begin
    bytes = sample_bytes()
    file = ST.File(bytes)
    buffer = zeros(UInt8, 14)
    @test reinterpret(Float32, ST.read_bytes!(buffer, file, "bias")[1:12]) == SAMPLE["bias"] && buffer[13:14] == [0, 0]
    @test code_of(() -> ST.read_bytes!(zeros(UInt8, 11), file, "bias")) == ST.ST_E_BUFFER_TOO_SMALL
    @test ST.read_at!(zeros(UInt8, 20), file, 3) == bytes[4:23]
    @test code_of(() -> ST.read_at!(zeros(UInt8, 20), file, length(bytes) - 19)) == ST.ST_E_OUT_OF_RANGE
    @test_throws ArgumentError ST.read_bytes!(Any[1, 2], file, "bias")
    @test_throws InexactError ST.read_at!(zeros(UInt8, 1), file, -1)
end

@testset "prefetch reads into the page cache" begin
    with_sample() do path
        for file in (ST.File(path), ST.File(path; backend = :pread), ST.File(read(path)))
            @test ST.prefetch(file) === nothing
            @test ST.prefetch(file, "weight") === nothing
            @test ST.prefetch(file, 8, filesize(path) - 8) === nothing
            @test code_of(() -> ST.prefetch(file, "absent")) == ST.ST_E_TENSOR_NOT_FOUND
            @test code_of(() -> ST.prefetch(file, 8, filesize(path))) == ST.ST_E_OUT_OF_RANGE
            @test_throws InexactError ST.prefetch(file, -1, 1)
        end
    end
end

@testset "slices have Julia's indices" begin
    tensor = reshape(collect(Int32, 1:60), 3, 4, 5)
    file = ST.File(ST.save_memory(Dict("x" => tensor, "s" => fill(1.5), "b" => [true, false])))
    for indices in (
        (1:2, 2:3, 1:5), (:, :, :), (2, :, 3:4), (1:3, 4, 5), (3, 4, 5), (2:1, :, :), (Base.OneTo(2), :, 1:1),
    )
        result = file["x", indices...]
        @test result == tensor[indices...] && typeof(result) == typeof(tensor[indices...])
        @test ST.read_slice(file, "x", indices...) == result
    end
    @test ST.read_slice(file, "s") == fill(1.5) && file["b", 1:1] == [true]
    for indices in ((0:1, :, :), (1:4, :, :), (:, 5, :), (-1, 1, 1), (1:typemax(Int), :, :))
        @test code_of(() -> file["x", indices...]) == ST.ST_E_OUT_OF_RANGE
    end
    @test_throws DimensionMismatch file["x", 1, 2]
    @test_throws ArgumentError file["x", 1:2:3, :, :]
end

@testset "slices of packed tensors are packed" begin
    packed = ST.Packed(:F4, (2, 4), [0x01, 0x23, 0x45, 0x67])
    file = ST.File(ST.save_memory(Dict("x" => packed)))
    @test file["x", 2:2, :] == ST.Packed(:F4, (1, 4), [0x45, 0x67])
    @test file["x", :, 3:4] == ST.Packed(:F4, (2, 2), [0x23, 0x67])
    @test code_of(() -> file["x", :, 2:3]) == ST.ST_E_SUBBYTE
    @test code_of(() -> ST.read_tensor(file, "x")) == ST.ST_E_UNSUPPORTED
end
