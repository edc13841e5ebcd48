# Sets: files with an index, the set writer, consolidation.

const LAYERS = ["layer.$i" => fill(Float32(i), 256) for i in 1:6]

@testset "a set is saved as shards and an index, and opened as one file" begin
    mktempdir() do directory
        ST.save_set(
            directory, LAYERS; max_shard_size = 2048, metadata = ["format" => "pt"], total_parameters = 1536,
            index_metadata = ["made" => "here"], index_format = :sorted,
        )
        @test length(readdir(directory)) == 4 && "model.safetensors.index.json" in readdir(directory)
        file = ST.open_set(directory)
        @test Dict(file) == Dict(LAYERS) && ST.load_set(directory) == Dict(LAYERS)
        shards = ST.shards(file)
        @test length(shards) == 3 && all(shard -> shard.tensor_count == 2, shards)
        @test shards[2].first_offset == shards[1].nbytes && ST.data_offset(file) == 0
        @test sum(shard -> shard.nbytes, shards) == filesize(file)
        @test occursin("\"made\"", ST.index_metadata(file)) && occursin("1536", ST.index_metadata(file))
        place = ST.location(file, "layer.6")
        @test place.path == shards[place.shard].path && place.nbytes == 1024
        rm(shards[2].path)
        @test code_of(() -> ST.open_set(directory)) == ST.ST_E_SET_SHARD_MISSING
    end
end

@testset "names, variant and split of a set" begin
    mktempdir() do directory
        ST.save_set(directory, LAYERS; stem = "net", variant = "fp16", split = :balanced, max_shard_size = 5120)
        @test "net.safetensors.index.fp16.json" in readdir(directory)
        @test [shard.tensor_count for shard in ST.shards(ST.open_set(directory))] == [3, 3]
        @test_throws ArgumentError ST.save_set(directory, LAYERS; split = :none)
    end
end

@testset "set_policy selects the tensors that the index does not name" begin
    mktempdir() do directory
        ST.save_set(directory, LAYERS; max_shard_size = 2048)
        shard = first(ST.shards(ST.open_set(directory))).path
        tensors = ST.load(shard)
        ST.save(shard, merge(tensors, Dict("extra" => [1])))
        @test !haskey(ST.open_set(directory), "extra")
        @test haskey(ST.open_set(directory; set_policy = :all), "extra")
    end
end

@testset "arrays that share memory get into the same shard" begin
    mktempdir() do directory
        shared = ones(Float32, 256)
        ST.save_set(directory, ["a" => shared, "b" => zeros(Float32, 256), "c" => shared]; max_shard_size = 1024)
        file = ST.open_set(directory)
        @test ST.location(file, "a").shard == ST.location(file, "c").shard != ST.location(file, "b").shard
    end
end

@testset "the set writer writes what save_set writes" begin
    mktempdir() do directory
        expected, written = joinpath(directory, "expected"), joinpath(directory, "written")
        ST.save_set(expected, LAYERS; max_shard_size = 2048)
        open(ST.SetWriter, written; max_shard_size = 2048) do writer
            for (name, value) in LAYERS
                filled = ST.Filled((buffer, _) -> copyto!(buffer, reinterpret(UInt8, value)), Float32, 256)
                ST.add!(writer, name, name == "layer.2" ? filled : value)
            end
        end
        for name in readdir(expected)
            @test read(joinpath(written, name)) == read(joinpath(expected, name))
        end
    end
end

@testset "a set writer that throws or is closed writes nothing, and resumes" begin
    mktempdir() do directory
        @test_throws ErrorException open(ST.SetWriter, directory) do writer
            ST.add!(writer, "x", [1])
            error("stop")
        end
        @test isempty(readdir(directory))
        writer = ST.SetWriter(directory; max_shard_size = 2048, resume = true)
        foreach(layer -> ST.add!(writer, layer...), LAYERS[1:5])
        @test !haskey(writer, "layer.1")
        close(writer)
        @test code_of(() -> ST.add!(writer, "x", [1])) == ST.ST_E_INVALID_ARGUMENT
        @test code_of(() -> ST.open_set(directory)) == ST.ST_E_NOT_FOUND
        writer = ST.SetWriter(directory; max_shard_size = 2048, resume = true)
        @test haskey(writer, "layer.1") && !haskey(writer, "layer.6") && !haskey(writer, "absent")
        foreach(layer -> ST.add!(writer, layer...), LAYERS)
        ST.commit(writer)
        @test ST.load_set(directory) == Dict(LAYERS)
        @test code_of(() -> ST.commit(writer)) == ST.ST_E_INVALID_ARGUMENT
        close(writer)
    end
end

# A file of a distributed checkpoint with one part of the tensor "x".
function save_part(path, rows, offset)
    info = """{"x":{"saved_offsets":[$offset,0]}}"""
    ST.save(path, ["x" => rows]; metadata = ["format" => "pt", "DCP_VERSION" => "1.0", "DCP_SHARDING_INFO" => info])
end

@testset "a distributed checkpoint is consolidated" begin
    mktempdir() do directory
        tensor = Float32[1 2; 3 4; 5 6]
        source, target = joinpath(directory, "source"), joinpath(directory, "target")
        mkpath(source)
        save_part(joinpath(source, "shard-00001-model-00001-of-00001.safetensors"), tensor[1:2, :], 0)
        save_part(joinpath(source, "shard-00002-model-00001-of-00001.safetensors"), tensor[3:3, :], 2)
        ST.consolidate(source, target)
        @test ST.load_set(target) == Dict("x" => tensor)
        @test code_of(() -> ST.consolidate(joinpath(directory, "absent"), target)) == ST.ST_E_NOT_FOUND
    end
end
