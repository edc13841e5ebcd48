# Arrays over the bytes of tensors.

@testset "index [i, j] of the array is index [i, j] of the tensor" begin
    tensor = reshape(collect(Int32, 1:24), 2, 3, 4)
    bytes = ST.save_memory(Dict("x" => tensor))
    file = ST.File(bytes)
    array = file["x"]
    @test array isa PermutedDimsArray{Int32,3} && size(array) == (2, 3, 4) && array == tensor
    # The last index varies fastest in the file.
    offset = ST.info(file, "x").file_offset
    @test reinterpret(Int32, bytes[(offset + 1):end])[1:5] == [tensor[1, 1, 1:4]; tensor[1, 2, 1]]
    @test parent(array) isa DenseArray{Int32,3} && size(parent(array)) == (4, 3, 2)
    @test parent(array)[4, 1, 2] == tensor[2, 1, 4]
    @test sum(array) == sum(tensor) && array .+ 1 == tensor .+ 1 && view(array, 2, :, 1) == tensor[2, :, 1]
    @test reshape(parent(array), :)[2] == tensor[1, 1, 2] && reinterpret(UInt32, array)[2] == UInt32(tensor[2])
end

@testset "vectors and scalars are dense arrays" begin
    file = ST.File(sample_bytes())
    @test file["bias"] isa ST.TensorArray{Float32,1} && file["bias"] isa DenseVector{Float32}
    @test file["scalar"] isa ST.TensorArray{Int,0} && file["scalar"][] == 7
    @test size(file["empty"]) == (0, 3) && isempty(file["empty"])
    @test strides(file["bias"]) == (1,) && pointer(file["bias"]) isa Ptr{Float32}
    @test unsafe_load(pointer(file["bias"]), 2) == 1.5
end

@testset "tensors of every rank up to the maximum have arrays" begin
    for rank in (0, 1, 2, 3, 4, 5, 6)
        tensor = reshape(collect(Int16, 1:(2^rank)), ntuple(_ -> 2, rank))
        file = ST.File(ST.save_memory(Dict("x" => tensor)))
        @test file["x"] == tensor && ST.read_tensor(file, "x") == tensor
    end
    header = "{\"x\":{\"dtype\":\"U8\",\"shape\":[$(join(fill(1, 1000), ','))],\"data_offsets\":[0,1]}}"
    file = ST.File(file_bytes(header, [0x2a]))
    @test code_of(() -> file["x"]) == ST.ST_E_UNSUPPORTED
    @test code_of(() -> ST.read_tensor(file, "x")) == ST.ST_E_UNSUPPORTED
    @test ST.bytes(file, "x") == [0x2a]
end

@testset "shapes that no Julia array has are errors" begin
    for shape in ("[18446744073709551615,0]", "[4611686018427387904,4611686018427387904,0]")
        header = "{\"x\":{\"dtype\":\"F32\",\"shape\":$shape,\"data_offsets\":[0,0]}}"
        file = try
            ST.File(file_bytes(header))
        catch error
            @test error isa SafetensorsError
            continue
        end
        @test try
            isempty(file["x"])
        catch error
            error isa SafetensorsError
        end
    end
end

@testset "arrays are read-only unless the file was opened as writable" begin
    with_sample() do path
        before = read(path)
        readable = ST.File(path)
        @test !ST.iswritable(readable["weight"]) && !ST.iswritable(readable["bias"])
        @test_throws ReadOnlyMemoryError readable["weight"][1, 1] = 1
        @test_throws ReadOnlyMemoryError readable["flags"][1] = false
        @test_throws ReadOnlyMemoryError fill!(readable["bias"], 0)
        memory = ST.File(copy(before))
        @test_throws ReadOnlyMemoryError memory["weight"][1, 1] = 1
        @test_throws ReadOnlyMemoryError memory["flags"][1] = false
        writable = ST.File(path; access = :writable)
        weight = writable["weight"]
        weight[2, 3] = 60
        @test ST.iswritable(weight) && weight[2, 3] == 60 && writable["weight"][2, 3] == 60
        writable["flags"][1] = false
        @test writable["flags"] == [false, false, true]
        @test read(path) == before && readable["weight"] == SAMPLE["weight"]
        @test ST.read_tensor(writable, "weight") == SAMPLE["weight"]
    end
end

@testset "Bool bytes other than 0 and 1 are true" begin
    header = "{\"x\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]}}"
    file = ST.File(file_bytes(header, [0x00, 0x02, 0xff]))
    @test file["x"] == [false, true, true] && ST.read_tensor(file, "x") == [false, true, true]
    @test file["x", 2:3] == [true, true]
    @test collect(file["x"]) isa Vector{Bool} && reinterpret(UInt8, collect(file["x"])) == [0, 1, 1]
end

# A file whose tensor begins at an odd address.
function unaligned_bytes()
    header = "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"
    padding = " "^(9 - sizeof(header) % 8)
    return file_bytes(header * padding, reinterpret(UInt8, Float32[1.5, 2.5]))
end

@testset "unaligned tensors are copied, or have only bytes" begin
    bytes = unaligned_bytes()
    copied = ST.File(bytes)["x"]
    @test copied == [1.5, 2.5] && UInt(pointer(copied)) % 64 == 0
    allowed = ST.File(bytes; unaligned = :allow)
    @test code_of(() -> allowed["x"]) == ST.ST_E_UNSUPPORTED
    @test reinterpret(Float32, ST.bytes(allowed, "x")) == [1.5, 2.5]
    @test ST.read_tensor(allowed, "x") == [1.5, 2.5]
end

@testset "a tensor has an entry, bytes and any number of arrays" begin
    file = ST.File(sample_bytes())
    tensor = ST.tensor(file, "weight")
    @test ST.info(tensor) == ST.info(file, "weight") && sizeof(tensor) == 48
    @test ST.array(tensor) == ST.array(tensor) == SAMPLE["weight"]
    @test reinterpret(Float32, ST.bytes(tensor)) == vec(permutedims(SAMPLE["weight"]))
    @test ST.info(ST.tensor(file, 1; order = :name)).name == "bias"
    @test occursin("weight F32", sprint(show, tensor))
    array = ST.array(tensor)
    close(tensor)
    close(tensor)
    @test array == SAMPLE["weight"]
    @test code_of(() -> ST.array(tensor)) == ST.ST_E_INVALID_ARGUMENT
    @test code_of(() -> ST.bytes(tensor)) == ST.ST_E_INVALID_ARGUMENT
    @test code_of(() -> ST.info(tensor)) == code_of(() -> sizeof(tensor)) == ST.ST_E_INVALID_ARGUMENT
    @test code_of(() -> ST.save_memory(["x" => tensor])) == ST.ST_E_INVALID_ARGUMENT
    @test !isopen(tensor) && occursin("closed", sprint(show, tensor))
end
