# Callbacks that throw, yield, and call the library.

struct Failure <: Exception
    text::String
end

# An IO whose reads throw while `fails[]` is true.
struct FailingIO <: IO
    io::IOBuffer
    fails::Ref{Bool}
end

Base.seek(stream::FailingIO, n::Integer) = (seek(stream.io, n); stream)
Base.seekend(stream::FailingIO) = (seekend(stream.io); stream)
Base.position(stream::FailingIO) = position(stream.io)
Base.unsafe_read(stream::FailingIO, p::Ptr{UInt8}, n::UInt) =
    stream.fails[] ? throw(Failure("read")) : unsafe_read(stream.io, p, n)

@testset "what an IO throws reaches the caller, and the file stays usable" begin
    fails = Ref(true)
    stream = FailingIO(IOBuffer(sample_bytes()), fails)
    @test_throws Failure ST.File(stream)
    fails[] = false
    file = ST.File(stream)
    fails[] = true
    for f in (
        () -> file["weight"], () -> ST.read_tensor(file, "weight"), () -> file["weight", 1:2, :],
        () -> ST.tensor(file, 1), () -> ST.read_at!(zeros(UInt8, 4), file, 0), () -> ST.metadata_range(file, "format"),
        () -> Dict(file), () -> ST.save_memory(file),
    )
        @test_throws Failure f()
    end
    @test code_of(() -> file["absent"]) == ST.ST_E_TENSOR_NOT_FOUND
    fails[] = false
    @test file["weight"] == SAMPLE["weight"] && Dict(file) == SAMPLE
end

@testset "an IO that is too short is an EOFError" begin
    bytes = sample_bytes()
    file = ST.File((buffer, offset) -> read!(seek(IOBuffer(bytes[1:(end - 8)]), offset), buffer), length(bytes))
    @test_throws EOFError Dict(file)
end

@testset "what a progress callback, a fill or a sink throws cancels the save" begin
    with_sample() do path
        before = read(path)
        progress = (done, total) -> done > 100 ? throw(Failure("progress")) : nothing
        filled = Dict("x" => ST.Filled((buffer, offset) -> throw(Failure("fill")), Float32, 3))
        @test_throws Failure ST.save(path, SAMPLE; progress = progress)
        @test_throws Failure ST.save(path, filled)
        @test_throws Failure ST.save_memory(filled)
        @test_throws InterruptException ST.save(path, SAMPLE; progress = (_, _) -> throw(InterruptException()))
        @test_throws Failure ST.save_set(dirname(path), SAMPLE; stem = "s", progress = progress)
        @test_throws Failure ST.edit_metadata(path; set = ["a" => "b"^200], progress = (_, _) -> throw(Failure("edit")))
        @test read(path) == before && readdir(dirname(path)) == [basename(path)]
        read_only = IOBuffer(zeros(UInt8, 4); write = false)
        @test_throws ArgumentError ST.save(read_only, SAMPLE)
        full = IOBuffer(zeros(UInt8, 4); write = true, maxsize = 4)
        @test_throws ErrorException ST.save(full, SAMPLE)
        builder = ST.add!(ST.Builder(), "x", filled["x"])
        @test_throws Failure ST.save(path, builder)
        writer = ST.SetWriter(joinpath(dirname(path), "set"))
        @test_throws Failure ST.add!(writer, "x", filled["x"])
        close(writer)
    end
end

@testset "a StackOverflowError stays inside the callback" begin
    recursive(n) = n + recursive(n + 1)
    @test_throws StackOverflowError ST.save_memory(SAMPLE; progress = (_, _) -> recursive(1))
end

@testset "callbacks may call the library, whose errors pass through" begin
    inner = sample_bytes()
    found = Any[]
    ST.save_memory(SAMPLE; progress = (_, _) -> push!(found, ST.load(inner)["bias"]))
    @test !isempty(found) && all(==(SAMPLE["bias"]), found)
    @test error_of(() -> ST.save_memory(SAMPLE; progress = (_, _) -> ST.File(UInt8[]))).code == ST.ST_E_HEADER_TOO_SMALL
    throws = (_, _) -> ST.save_memory(SAMPLE; progress = (_, _) -> throw(Failure("inner")))
    @test_throws Failure ST.save_memory(SAMPLE; progress = throws)
    caught = (_, _) -> try
        ST.save_memory(SAMPLE; progress = (_, _) -> throw(Failure("inner")))
    catch
    end
    @test length(ST.save_memory(SAMPLE; progress = caught)) == length(ST.save_memory(SAMPLE))
end

@testset "a handle in use by its own callback is not used twice" begin
    builder = ST.add!(ST.Builder(), "x", [1])
    error = error_of(() -> ST.save_memory(builder; progress = (_, _) -> ST.add!(builder, "y", [2])))
    @test error.code == ST.ST_E_INVALID_ARGUMENT && occursin("another call", error.message)
    @test ST.load(ST.save_memory(builder; progress = (_, _) -> close(builder)))["x"] == [1]
    @test code_of(() -> ST.save_memory(builder)) == ST.ST_E_INVALID_ARGUMENT
end

@testset "a file closed by its own callback is closed after the call" begin
    bytes = sample_bytes()
    file = ST.File((buffer, offset) -> copyto!(buffer, 1, bytes, offset + 1, length(buffer)), length(bytes))
    open_file = Ref{Any}(nothing)
    closing = ST.File(length(bytes)) do buffer, offset
        open_file[] === nothing || close(open_file[])
        copyto!(buffer, 1, bytes, offset + 1, length(buffer))
    end
    open_file[] = closing
    @test closing["weight"] == SAMPLE["weight"] && !isopen(closing)
    @test code_of(() -> closing["weight"]) == ST.ST_E_INVALID_ARGUMENT
end

@testset "callbacks may wait for other tasks" begin
    bytes = sample_bytes()
    file = ST.File(length(bytes)) do buffer, offset
        sleep(0.001)
        copyto!(buffer, 1, bytes, offset + 1, length(buffer))
    end
    results = Vector{Any}(undef, 8)
    @sync for i in 1:8
        @async results[i] = isodd(i) ? file["weight"] : try
            ST.save_memory(SAMPLE; progress = (_, _) -> (yield(); throw(Failure(string(i)))))
        catch error
            error
        end
    end
    @test all(i -> results[i] == (isodd(i) ? SAMPLE["weight"] : Failure(string(i))), 1:8)
    pipe = Base.BufferStream()
    reader = @async read(pipe)
    ST.save(pipe, SAMPLE; metadata = Dict("format" => "pt"))
    close(pipe)
    @test fetch(reader) == bytes
end
