# Changes of metadata and names.

@testset "metadata and names change, data stays" begin
    with_sample() do path
        method = ST.edit_metadata(
            path; set = ["license" => "mit"], remove = ["format"], rename = ["weight" => "bias", "bias" => "weight"],
        )
        @test method in (:clone, :copy)
        file = ST.File(path)
        @test ST.metadata(file) == Dict("license" => "mit")
        @test file["bias"] == SAMPLE["weight"] && file["weight"] == SAMPLE["bias"] && length(file) == 5
        @test ST.edit_metadata(path; set = Dict("license" => "mit")) == :unchanged
    end
end

@testset "a file is changed in place" begin
    with_sample() do path
        inode = stat(path).inode
        method = ST.edit_metadata(path; set = ["format" => "tp"], in_place = true, durability = :fsync)
        @test method == :overwrite && stat(path).inode == inode
        @test ST.metadata(ST.File(path)) == Dict("format" => "tp") && ST.load(path) == SAMPLE
    end
end

@testset "keys and names that the file does not have are errors" begin
    with_sample() do path
        before = read(path)
        @test code_of(() -> ST.edit_metadata(path; remove = ["absent"])) == ST.ST_E_METADATA_NOT_FOUND
        @test code_of(() -> ST.edit_metadata(path; rename = ["absent" => "x"])) == ST.ST_E_TENSOR_NOT_FOUND
        @test code_of(() -> ST.edit_metadata(path; rename = ["bias" => "weight"])) == ST.ST_E_DUPLICATE
        @test code_of(() -> ST.edit_metadata(path; metadata = ["a" => "b"])) == ST.ST_E_INVALID_ARGUMENT
        @test read(path) == before
    end
end
