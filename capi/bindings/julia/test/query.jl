# Queries of the header: entries, metadata, shards, locations, identity.

@testset "entries have name, dtype, shape and place" begin
    file = ST.File(sample_bytes())
    entry = ST.info(file, "weight")
    @test entry.name == "weight" && entry.dtype == :F32 && entry.shape == [3, 4] && entry.nbytes == 48
    @test size(entry) == (3, 4) && eltype(entry) == Float32 && string(entry) == "weight F32 [3, 4] 48 bytes"
    @test [e.name for e in ST.infos(file; order = :name)] == sort(collect(keys(SAMPLE)))
    @test issorted([e.file_offset for e in ST.infos(file)])
    @test ST.info(file, 1) == ST.infos(file)[1] && ST.info(file, 2; order = :name) == ST.info(file, "empty")
    for index in (0, 6, -1, typemax(Int))
        @test code_of(() -> ST.info(file, index)) == ST.ST_E_OUT_OF_RANGE
        @test code_of(() -> ST.tensor(file, index)) == ST.ST_E_OUT_OF_RANGE
    end
    @test code_of(() -> ST.info(file, "absent")) == ST.ST_E_TENSOR_NOT_FOUND
    @test ST.info(file, "scalar").shape == Int[] && ST.info(file, "empty").shape == [0, 3]
end

@testset "names and metadata may have NUL and other characters" begin
    tensors = Dict("a\0b" => [1], "größe" => [2], "" => [3])
    entries = Dict("key\0" => "value\0", "" => "", "ключ" => "значение")
    file = ST.File(ST.save_memory(tensors; metadata = entries))
    @test ST.load(file) == tensors && ST.metadata(file) == entries
    @test haskey(file, "a\0b") && file["größe"] == [2] && ST.metadata(file, "key\0") == "value\0"
    @test code_of(() -> ST.save_memory(Dict("\xff" => [1]))) == ST.ST_E_UTF8
end

@testset "metadata" begin
    bytes = sample_bytes()
    file = ST.File(bytes)
    @test ST.metadata(file) == Dict("format" => "pt") && ST.metadata(file, "format", "?") == "pt"
    @test ST.metadata(file, "absent", nothing) === nothing
    @test code_of(() -> ST.metadata(file, "absent")) == ST.ST_E_METADATA_NOT_FOUND
    offset, nbytes = ST.metadata_range(file, "format")
    @test bytes[(offset + 1):(offset + nbytes)] == codeunits("pt")
    @test code_of(() -> ST.metadata_range(file, "absent")) == ST.ST_E_METADATA_NOT_FOUND
    for form in (:absent, :null, :object)
        @test ST.metadata_form(ST.File(ST.save_memory(Dict(); metadata_form = form))) == form
    end
end

@testset "the file's size, identity and state" begin
    with_sample() do path
        file = ST.File(path)
        @test filesize(file) == filesize(path)
        @test ST.data_offset(file) == minimum(e.file_offset for e in ST.infos(file))
        identity = ST.file_identity(file)
        @test identity.nbytes == filesize(path) && identity.header_nbytes == ST.data_offset(file) - 8
        @test identity.inode == stat(path).inode && identity.device == stat(path).device
        @test ST.verify_unchanged(file) === nothing
        open(stream -> write(stream, 0x00), path, "a")
        @test code_of(() -> ST.verify_unchanged(file)) == ST.ST_E_CHANGED
        @test !ST.is_replaced(file)
        ST.save(path, Dict("x" => [1]))
        @test ST.is_replaced(file) && !ST.is_replaced(ST.File(path))
        rm(path)
        @test !ST.is_replaced(file)
        symlink(path, path)
        @test code_of(() -> ST.is_replaced(file)) == ST.ST_E_IO
    end
end

@testset "a file has one shard; locations tell where its tensors are" begin
    with_sample() do path
        file = ST.File(path)
        shard = only(ST.shards(file))
        @test shard == ST.Shard(path, 0, filesize(path), 5)
        place, entry = ST.location(file, "weight"), ST.info(file, "weight")
        @test place.path == path && place.shard == 1 && place.nbytes == 48
        @test place.file_offset == entry.file_offset && (place.fd === nothing || place.fd isa RawFD)
        @test read(path)[(place.file_offset + 1):(place.file_offset + 48)] == ST.bytes(file, "weight")
        @test code_of(() -> ST.location(file, "absent")) == ST.ST_E_TENSOR_NOT_FOUND
        @test ST.index_metadata(file) === nothing
    end
    memory = ST.File(sample_bytes())
    @test only(ST.shards(memory)).path == "" && ST.location(memory, "bias").fd === nothing
end
