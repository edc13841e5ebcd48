# Handles that several threads use: run with JULIA_NUM_THREADS=4.

# Runs `f(i)` on all threads at once and returns the exceptions that it threw.
function on_threads(f, count)
    failures = Any[]
    failures_lock = ReentrantLock()
    @sync for i in 1:count
        Threads.@spawn try
            f(i)
        catch failure
            lock(() -> push!(failures, failure), failures_lock)
        end
    end
    return failures
end

@testset "threads read through one file" begin
    with_sample() do path
        bytes = read(path)
        in_memory = ST.File(length(bytes)) do buffer, offset
            copyto!(buffer, 1, bytes, offset + 1, length(buffer))
        end
        for file in (ST.File(path), ST.File(path; backend = :pread), ST.File(IOBuffer(bytes)), in_memory)
            failures = on_threads(8) do i
                for _ in 1:20
                    file["weight"] == SAMPLE["weight"] || error("weight")
                    ST.read_tensor(file, "bias") == SAMPLE["bias"] || error("bias")
                    haskey(file, "absent") && error("absent")
                    file["weight", 2, 1:2] == [4, 5] || error("slice")
                    i == 1 && GC.gc(false)
                end
            end
            @test isempty(failures)
        end
    end
end

@testset "a file may be closed while threads use it" begin
    with_sample() do path
        for _ in 1:20
            file = ST.File(path)
            failures = on_threads(8) do i
                for n in 1:100
                    i == 1 && n == 20 && close(file)
                    file["weight"][2, 3] == 6 || error("weight")
                end
            end
            @test !isempty(failures) && all(e -> e isa SafetensorsError && e.message == "the file is closed", failures)
        end
    end
end

@testset "threads write through one writer" begin
    mktempdir() do directory
        path = joinpath(directory, "x.safetensors")
        rows = [rand(Float32, 1000) for _ in 1:64]
        open(ST.Writer, path, ["x" => ST.Declared(Float32, 64, 1000)]) do writer
            @test isempty(on_threads(i -> ST.write_bytes(writer, "x", 4000 * (i - 1), rows[i]), 64))
        end
        @test ST.read_tensor(ST.File(path), "x") == permutedims(hcat(rows...))
    end
end

@testset "commit and close while threads write are errors or succeed, never crash" begin
    mktempdir() do directory
        for round in 1:20
            path = joinpath(directory, "$round.safetensors")
            writer = ST.Writer(path, ["x" => ST.Declared(UInt8, 100_000)])
            failures = on_threads(8) do i
                for n in 1:20
                    ST.write_bytes(writer, "x", 0, fill(UInt8(i), 100_000))
                    i == 1 && n == 10 && ST.commit(writer)
                    i == 2 && n == 15 && close(writer)
                end
            end
            @test all(e -> e isa SafetensorsError, failures)
            close(writer)
        end
        @test all(name -> endswith(name, ".safetensors"), readdir(directory))
    end
end

@testset "each thread gets the exception of its own callback" begin
    bytes = sample_bytes()
    opened = Ref(false)
    file = ST.File(length(bytes)) do buffer, offset
        opened[] && error(task_local_storage("number"))
        copyto!(buffer, 1, bytes, offset + 1, length(buffer))
    end
    opened[] = true
    failures = on_threads(32) do i
        task_local_storage("number", string(i)) do
            message = try
                file["weight"]
                ""
            catch error
                error.msg
            end
            message == string(i) || error("thread $i got $message")
        end
    end
    @test isempty(failures)
end
