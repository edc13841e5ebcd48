# Memory that arrays keep alive, and use after close.

using Mmap

function collect_garbage()
    # Finalizers of objects that other finalizable objects refer to run in a later collection.
    for _ in 1:3
        GC.gc()
    end
end

mapped(path) = any(line -> endswith(line, path), eachline("/proc/self/maps"))

@noinline array_of(path, name; options...) = open(file -> file[name], ST.File, path; options...)

@testset "arrays are valid after the file is closed and collected" begin
    with_sample() do path
        for options in ((), (backend = :pread,), (access = :writable,))
            weight = array_of(path, "weight"; options...)
            collect_garbage()
            @test weight == SAMPLE["weight"] && sum(parent(weight)) == sum(SAMPLE["weight"])
        end
        weight = array_of(path, "weight")
        row = view(weight, 2, :)
        column_major = reshape(parent(weight), :)
        bits = reinterpret(UInt32, parent(weight))
        weight = nothing
        rm(path)
        collect_garbage()
        @test row == 4:7 && column_major == 0:11 && bits[2] == reinterpret(UInt32, 1.0f0)
    end
end

# Whether the memory of an array was freed.
function freed_flag(array)
    freed = Ref(false)
    finalizer(_ -> freed[] = true, isdefined(Base, :Memory) ? array.ref.mem : array)
    return freed
end

@noinline function from_memory()
    bytes = sample_bytes()
    return ST.File(bytes)["weight"], freed_flag(bytes)
end

@noinline function use_memory()
    weight, freed = from_memory()
    collect_garbage()
    return !freed[] && weight == SAMPLE["weight"], freed
end

@noinline function built()
    bytes = collect(0x01:0x09)
    return ST.add!(ST.Builder(), "x", bytes), freed_flag(bytes)
end

@noinline from_io() = ST.File(IOBuffer(sample_bytes()))["weight"]
@noinline bytes_from_memory() = ST.bytes(ST.tensor(ST.File(sample_bytes()), "weight"))

@testset "arrays keep the memory and the IO of the file alive" begin
    kept, freed = use_memory()
    collect_garbage()
    @test kept && freed[]
    other, raw = from_io(), bytes_from_memory()
    collect_garbage()
    @test other == SAMPLE["weight"]
    @test reinterpret(Float32, raw) == vec(permutedims(SAMPLE["weight"]))
end

@testset "a builder keeps the memory of its tensors alive" begin
    builder, freed = built()
    collect_garbage()
    @test !freed[] && ST.load(ST.save_memory(builder))["x"] == 1:9
end

@noinline function use_mapping(path)
    weight = array_of(path, "weight")
    collect_garbage()
    return mapped(path) && weight == SAMPLE["weight"]
end

@noinline from_mapped_vector(path) = ST.File(Mmap.mmap(path))["weight"]

@testset "a vector that the program mapped stays mapped" begin
    with_sample() do path
        weight = from_mapped_vector(path)
        collect_garbage()
        @test mapped(path) && weight == SAMPLE["weight"]
    end
end

@testset "the mapping is released when the arrays are collected" begin
    with_sample() do path
        @test use_mapping(path)
        collect_garbage()
        @test !mapped(path)
    end
end

@noinline function abandon_writers(directory)
    writer = ST.Writer(joinpath(directory, "x.safetensors"), ["x" => ST.Declared(UInt8, 3)])
    set_writer = ST.SetWriter(directory)
    ST.add!(set_writer, "y", [1])
    return length(readdir(directory)) > 0
end

@testset "writers that are collected remove what they wrote" begin
    mktempdir() do directory
        @test abandon_writers(directory)
        collect_garbage()
        @test isempty(readdir(directory))
    end
end

@testset "closed files throw" begin
    with_sample() do path
        file = ST.File(path)
        close(file)
        close(file)
        @test !isopen(file)
        for f in (
            () -> file["weight"], () -> ST.tensor(file, 1), () -> haskey(file, "weight"), () -> length(file),
            () -> ST.info(file, "weight"), () -> ST.info(file, 1), () -> keys(file), () -> ST.metadata(file),
            () -> ST.metadata(file, "format"), () -> ST.metadata_range(file, "format"), () -> filesize(file),
            () -> ST.metadata_form(file), () -> ST.data_offset(file), () -> ST.is_mapped(file),
            () -> ST.file_identity(file), () -> ST.verify_unchanged(file), () -> ST.shards(file),
            () -> ST.is_replaced(file), () -> ST.prefetch(file), () -> ST.prefetch(file, "weight"),
            () -> ST.location(file, "weight"), () -> ST.index_metadata(file), () -> ST.read_tensor(file, "weight"),
            () -> ST.read_tensor!(zeros(Float32, 3), file, "bias"),
            () -> ST.read_bytes!(zeros(UInt8, 99), file, "bias"),
            () -> ST.read_at!(zeros(UInt8, 1), file, 0), () -> file["weight", 1, :], () -> ST.load(file),
            () -> ST.save_memory(file),
        )
            error = error_of(f)
            @test error.code == ST.ST_E_INVALID_ARGUMENT && error.message == "the file is closed"
        end
    end
end
