# Files that are written in pieces.

const DECLARED = ["weight" => ST.Declared(Float32, 3, 4), "bias" => ST.Declared(:F32, 3)]

@testset "tensors are written in any order" begin
    mktempdir() do directory
        path = joinpath(directory, "x.safetensors")
        writer = ST.Writer(path, DECLARED; metadata = ["format" => "pt"])
        ST.write_tensor(writer, "bias", SAMPLE["bias"])
        error = error_of(() -> ST.commit(writer))
        @test error.code == ST.ST_E_INCOMPLETE && occursin("weight", error.message)
        @test !ispath(path) && isopen(writer)
        rows = permutedims(SAMPLE["weight"])
        for row in (3, 1, 2)
            ST.write_bytes(writer, "weight", 16 * (row - 1), rows[:, row])
        end
        ST.commit(writer)
        close(writer)
        @test ST.load(path) == Dict("weight" => SAMPLE["weight"], "bias" => SAMPLE["bias"])
        @test ST.metadata(ST.File(path)) == Dict("format" => "pt")
        @test code_of(() -> ST.write_tensor(writer, "bias", SAMPLE["bias"])) == ST.ST_E_INVALID_ARGUMENT
    end
end

@testset "writes must match the declaration" begin
    mktempdir() do directory
        path = joinpath(directory, "x.safetensors")
        writer = ST.Writer(path, DECLARED)
        @test_throws DimensionMismatch ST.write_tensor(writer, "weight", zeros(Float32, 4, 3))
        @test_throws DimensionMismatch ST.write_tensor(writer, "bias", zeros(3))
        @test code_of(() -> ST.write_tensor(writer, "absent", [1])) == ST.ST_E_TENSOR_NOT_FOUND
        @test code_of(() -> ST.write_bytes(writer, "bias", 8, zeros(Float32, 2))) == ST.ST_E_OUT_OF_RANGE
        @test_throws ArgumentError ST.write_bytes(writer, "bias", 0, Any[1])
        @test occursin("2 tensors", sprint(show, writer))
        close(writer)
        @test isempty(readdir(directory))
        @test code_of(() -> ST.commit(writer)) == ST.ST_E_INVALID_ARGUMENT
    end
end

@testset "a commit excludes writes, and a running write excludes a commit" begin
    mktempdir() do directory
        writer = ST.Writer(joinpath(directory, "x.safetensors"), ["x" => ST.Declared(UInt8, 1)])
        ST.write_tensor(writer, "x", [0x01])
        busy(f) = occursin("another call", error_of(f).message)
        ST.use(writer.handle) do _
            @test busy(() -> ST.commit(writer))
        end
        ST.use_alone(writer.handle) do _
            @test busy(() -> ST.write_tensor(writer, "x", [0x02])) && busy(() -> ST.commit(writer))
        end
        ST.commit(writer)
        @test ST.load(joinpath(directory, "x.safetensors")) == Dict("x" => [0x01])
    end
end

@testset "open with a function commits, unless it throws" begin
    mktempdir() do directory
        path = joinpath(directory, "x.safetensors")
        @test_throws ErrorException open(ST.Writer, path, DECLARED) do writer
            ST.write_tensor(writer, "bias", SAMPLE["bias"])
            error("stop")
        end
        @test isempty(readdir(directory))
        result = open(ST.Writer, path, DECLARED) do writer
            ST.write_tensor(writer, "bias", SAMPLE["bias"])
            ST.write_tensor(writer, "weight", SAMPLE["weight"])
            :written
        end
        @test result == :written && ST.load(path)["weight"] == SAMPLE["weight"]
    end
end

@testset "a writer of a builder, and of packed tensors" begin
    mktempdir() do directory
        path = joinpath(directory, "x.safetensors")
        builder = ST.Builder()
        ST.declare!(builder, "p", ST.Declared(:F4, 4))
        ST.add!(builder, "q", ST.Declared(UInt8, 2))
        @test code_of(() -> ST.save_memory(builder)) == ST.ST_E_INVALID_ARGUMENT
        open(ST.Writer, path, builder) do writer
            ST.write_tensor(writer, "p", ST.Packed(:F4, (4,), [0x12, 0x34]))
            ST.write_tensor(writer, "q", [0x05, 0x06])
        end
        @test ST.load(path) == Dict("p" => ST.Packed(:F4, (4,), [0x12, 0x34]), "q" => [5, 6])
    end
end
