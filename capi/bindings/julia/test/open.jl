# Opening files from paths, descriptors, memory, IO and functions, and the options.

function check_sample(file)
    @test file["weight"] == SAMPLE["weight"]
    @test ST.metadata(file, "format") == "pt"
end

@testset "a path, a descriptor, memory, an IO and a function open the same file" begin
    with_sample() do path
        bytes = read(path)
        open(check_sample, ST.File, path)
        open(path) do stream
            open(check_sample, ST.File, RawFD(fd(stream)))
            open(check_sample, ST.File, stream)
        end
        open(check_sample, ST.File, bytes)
        open(check_sample, ST.File, view(bytes, :))
        open(check_sample, ST.File, codeunits(String(copy(bytes))))
        open(check_sample, ST.File, IOBuffer(bytes))
        file = ST.File(length(bytes)) do buffer, offset
            copyto!(buffer, 1, bytes, offset + 1, length(buffer))
        end
        check_sample(file)
        check_sample(ST.open_set(path))
        @test ST.open_set(length, path) == 5
        for source in (path, bytes, IOBuffer(bytes))
            @test ST.load(source) == SAMPLE
        end
        loaded = ST.load(length(bytes)) do buffer, offset
            copyto!(buffer, 1, bytes, offset + 1, length(buffer))
        end
        @test loaded == SAMPLE
    end
end

@testset "memory is used without a copy, or copied" begin
    bytes = sample_bytes()
    file, copied = ST.File(bytes), ST.File(bytes; copy = true)
    position = ST.info(file, "bias").file_offset
    bytes[(position + 1):(position + 4)] .= reinterpret(UInt8, [9.0f0])
    @test file["bias"][1] == 9 && copied["bias"][1] == 0.5
end

@testset "memory in use cannot be reallocated" begin
    bytes = sample_bytes()
    weight = ST.File(bytes)["weight"]
    try
        resize!(bytes, 10_000_000)
    catch error
        @test error isa ErrorException
    end
    bytes = nothing
    GC.gc()
    @test weight == SAMPLE["weight"]
end

@testset "options" begin
    with_sample() do path
        @test ST.is_mapped(ST.File(path; backend = :mmap))
        @test !ST.is_mapped(ST.File(path; backend = :pread))
        @test code_of(() -> ST.File(path; max_header_size = 16)) == ST.ST_E_HEADER_TOO_LARGE
        for misspelled in ((backend = :map,), (access = :write,), (unaligned = :no,), (set_policy = :any,))
            @test_throws ArgumentError ST.File(path; misspelled...)
        end
        @test code_of(() -> ST.File(path; backend = 99)) == ST.ST_E_INVALID_ARGUMENT
        @test_throws MethodError ST.File(path; unknown = 1)
    end
    padded = file_bytes("{\"__metadata__\":null} ")
    @test isempty(ST.File(padded))
    @test code_of(() -> ST.File(padded; strictness = :strict)) == ST.ST_E_SCHEMA
end

@testset "a file is a dictionary" begin
    file = ST.File(sample_bytes())
    @test length(file) == 5 && haskey(file, "bias") && !haskey(file, "absent") && !haskey(file, :bias)
    @test Set(keys(file)) == Set(keys(SAMPLE)) && names(file; order = :name) == sort(collect(keys(SAMPLE)))
    @test Dict(file) == SAMPLE && collect(first.(collect(file))) == keys(file)
    @test get(file, "absent", 1) === 1 && get(() -> 2, file, "absent") === 2 && get(file, "bias", 1)[1] == 0.5
    @test code_of(() -> file["absent"]) == ST.ST_E_TENSOR_NOT_FOUND
    @test ST.load(file; names = ["bias"]) == Dict("bias" => SAMPLE["bias"])
    @test occursin("weight F32 [3, 4] 48 bytes", sprint(show, "text/plain", file))
    close(file)
    @test occursin("closed", sprint(show, file))
end

@testset "errors have the code, message, position and errno" begin
    error = error_of(() -> ST.File("/nonexistent/file"))
    @test error.code == ST.ST_E_NOT_FOUND && error.os_error == Libc.ENOENT && error.position === nothing
    @test occursin("/nonexistent/file", error.message)
    error = error_of(() -> ST.File(file_bytes("{\"a\":!}")))
    @test error.code == ST.ST_E_JSON && error.position == 13
    @test startswith(sprint(showerror, error), "ST_E_JSON: ") && endswith(sprint(showerror, error), "(byte 13)")
    @test code_of(() -> ST.File(UInt8[])) == ST.ST_E_HEADER_TOO_SMALL
    @test ST.status_name(12345) == "unknown"
    @test_throws ArgumentError ST.File("a\0b")
end
