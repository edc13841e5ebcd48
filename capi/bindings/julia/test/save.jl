# Saving to files, IO and memory.

@testset "save writes what load reads, to a file, an IO and memory" begin
    bytes = sample_bytes()
    mktempdir() do directory
        path = joinpath(directory, "saved.safetensors")
        ST.save(path, SAMPLE; metadata = Dict("format" => "pt"))
        @test read(path) == bytes && ST.load(path) == SAMPLE
        sink = IOBuffer()
        ST.save(sink, SAMPLE; metadata = Dict("format" => "pt"))
        @test take!(sink) == bytes
        @test readdir(directory) == ["saved.safetensors"]
    end
    @test ST.save_size(SAMPLE; metadata = Dict("format" => "pt")) == length(bytes)
    buffer = zeros(UInt8, length(bytes) + 5)
    @test ST.save_memory!(buffer, SAMPLE; metadata = Dict("format" => "pt")) == length(bytes)
    @test buffer[1:length(bytes)] == bytes
    @test code_of(() -> ST.save_memory!(zeros(UInt8, 10), SAMPLE)) == ST.ST_E_BUFFER_TOO_SMALL
end

@testset "dictionaries, named tuples, pairs and files are saved" begin
    array = Float32[1 2; 3 4]
    expected = ST.save_memory(Dict("x" => array))
    @test ST.save_memory((x = array,)) == expected
    @test ST.save_memory(["x" => array]) == expected
    @test ST.save_memory(["x" => array, "x" => array][1:1]) == expected
    @test ST.save_memory(ST.File(expected)) == expected
    @test ST.save_memory(ST.load(expected)) == expected
    @test ST.save_memory(Dict("x" => ST.tensor(ST.File(expected), "x"))) == expected
    @test code_of(() -> ST.save_memory(["x" => array, "x" => array])) == ST.ST_E_DUPLICATE
end

@testset "arrays of every kind are saved in row-major order" begin
    matrix = Float32[1 2 3; 4 5 6]
    expected = ST.save_memory(Dict("x" => matrix))
    @test reinterpret(Float32, expected[(end - 23):end]) == 1:6
    for value in (
        ST.row_major(permutedims(matrix)), view(Float32[0 1 2 3; 0 4 5 6], :, 2:4), permutedims(matrix)',
        PermutedDimsArray(permutedims(matrix), (2, 1)), reshape(Float32[1, 4, 2, 5, 3, 6], 2, 3),
        reshape(view(vec(matrix), 1:6), 2, 3), reinterpret(Float32, reinterpret(UInt32, matrix)),
    )
        @test ST.save_memory(Dict("x" => value)) == expected
    end
    @test ST.load(ST.save_memory(Dict("x" => 1:3, "y" => trues(2, 3), "z" => fill(2)))) ==
        Dict("x" => 1:3, "y" => trues(2, 3), "z" => fill(2))
    tensor = reshape(collect(1:120), 2, 3, 4, 5)
    permuted = PermutedDimsArray(tensor, (3, 1, 4, 2))
    @test ST.load(ST.save_memory(Dict("x" => permuted)))["x"] == permuted
end

@testset "values that are no tensors are errors" begin
    @test_throws ArgumentError ST.save_memory(Dict("x" => "text"))
    @test_throws ArgumentError ST.save_memory(Dict("x" => Any[1]))
    @test_throws ArgumentError ST.save_memory(Dict("x" => Int128[1]))
    @test_throws ArgumentError ST.save_memory(Dict("x" => ST.Filled(identity, :F99, 1)))
    @test code_of(() -> ST.save_memory(Dict("__metadata__" => [1]))) == ST.ST_E_INVALID_ARGUMENT
end

@testset "functions fill tensors in pieces" begin
    data = rand(UInt8, 5_000_000)
    offsets = Int[]
    filled = ST.Filled(UInt8, length(data)) do buffer, offset
        push!(offsets, offset)
        copyto!(buffer, 1, data, offset + 1, length(buffer))
    end
    @test ST.read_tensor(ST.File(ST.save_memory(Dict("x" => filled))), "x") == data
    @test length(offsets) > 1 && issorted(offsets) && offsets[1] == 0
    packed = ST.Filled((buffer, _) -> fill!(buffer, 0x21), :F4, 2, 3)
    @test ST.load(ST.save_memory(Dict("x" => packed)))["x"] == ST.Packed(:F4, (2, 3), fill(0x21, 3))
    resized = ST.Filled((buffer, _) -> resize!(buffer, 1), UInt8, 5)
    @test_throws DimensionMismatch ST.save_memory(Dict("x" => resized))
end

@testset "options" begin
    mktempdir() do directory
        path = joinpath(directory, "x.safetensors")
        ST.save(path, SAMPLE; mode = 0o640, durability = :fsync, alignment = 4096)
        @test filemode(path) & 0o777 == 0o640
        @test ST.data_offset(ST.File(path)) % 4096 == 0
        link = joinpath(directory, "link")
        symlink(path, link)
        ST.save(link, Dict("x" => [1]); link = :follow)
        @test islink(link) && keys(ST.File(path)) == ["x"]
        ST.save(link, Dict("y" => [1]))
        @test !islink(link) && keys(ST.File(path)) == ["x"]
        steps = Tuple{Int,Int}[]
        ST.save(path, SAMPLE; progress = (done, total) -> push!(steps, (done, total)))
        @test last(steps) == (filesize(path), filesize(path)) && issorted(steps)
        @test_throws ArgumentError ST.save(path, SAMPLE; durability = :sync)
        @test_throws MethodError ST.save(path, SAMPLE; unknown = 1)
        @test code_of(() -> ST.save(joinpath(directory, "absent", "x"), SAMPLE)) == ST.ST_E_NOT_FOUND
    end
end

@testset "a file can replace the file that its tensors are mapped from" begin
    with_sample() do path
        tensors = ST.load(path)
        tensors["bias"] = tensors["bias"] .+ 1
        ST.save(path, tensors)
        @test ST.load(path)["bias"] == Float32[1.5, 2.5, 3.5] && tensors["weight"] == SAMPLE["weight"]
    end
end

@testset "a builder saves several times and everywhere" begin
    mktempdir() do directory
        builder = ST.Builder()
        bias = copy(SAMPLE["bias"])
        ST.add!(builder, "bias", bias; copy = true)
        fill!(bias, 0)
        for name in ("weight", "flags", "scalar", "empty")
            ST.add!(builder, name, SAMPLE[name]; copy = name == "flags")
        end
        ST.add_metadata!(builder, "format", "pt")
        GC.gc()
        bytes = sample_bytes()
        path = joinpath(directory, "x.safetensors")
        for _ in 1:2
            ST.save(path, builder)
            @test read(path) == bytes
        end
        @test ST.save_memory(builder) == bytes && ST.save_size(builder) == length(bytes)
        sink = IOBuffer()
        ST.save(sink, builder)
        @test take!(sink) == bytes
        ST.save_set(joinpath(directory, "set"), builder)
        @test ST.load_set(joinpath(directory, "set")) == SAMPLE
        file = ST.File(ST.save_memory(builder; metadata = ["a" => "b"]))
        @test ST.metadata(file) == Dict("format" => "pt", "a" => "b")
        @test length(builder) == 5 && occursin("5 tensors", sprint(show, builder))
        ST.add!(builder, "filled", ST.Filled((buffer, _) -> fill!(buffer, 1), UInt8, 4))
        @test ST.load(ST.save_memory(builder))["filled"] == fill(1, 4)
        @test code_of(() -> ST.add_metadata!(builder, "x", "\xff")) == ST.ST_E_UTF8
        close(builder)
        @test code_of(() -> ST.save(path, builder)) == ST.ST_E_INVALID_ARGUMENT && !isopen(builder)
    end
end
