# The structs, constants and functions against the C header, if SAFETENSORS_INCLUDE names its directory
# and a C compiler exists.

const INCLUDE = get(ENV, "SAFETENSORS_INCLUDE", "")
const COMPILER = split(get(ENV, "CC", "cc"))

# C source whose static assertions state what the package assumes.
function assertions()
    lines = String[]
    assert(left, right) = push!(lines, "_Static_assert($left == $right, \"$left\");")
    for (name, struct_type) in pairs(ST.STRUCTS)
        assert("sizeof($name)", sizeof(struct_type))
        for (index, field) in enumerate(fieldnames(struct_type))
            assert("offsetof($name, $field)", fieldoffset(struct_type, index))
            assert("sizeof((($name*)0)->$field)", sizeof(fieldtype(struct_type, index)))
        end
    end
    for (name, value) in pairs(ST.STATUS_CODES)
        assert(name, value)
    end
    for (name, value) in pairs(ST.DTYPES)
        assert("ST_DTYPE_$name", value)
    end
    tables = (
        BACKEND = ST.BACKENDS, STRICTNESS = ST.STRICTNESS, ACCESS = ST.ACCESS, SET = ST.SET_POLICIES,
        UNALIGNED = ST.UNALIGNED, ORDER = ST.ORDERS, METADATA = ST.METADATA_FORMS, DURABILITY = ST.DURABILITY,
        MODE = ST.MODES, LINK = ST.LINKS, SPLIT = ST.SPLITS, INDEX = ST.INDEX_FORMATS, EDIT = ST.EDIT_METHODS,
    )
    for (prefix, table) in pairs(tables), (name, value) in pairs(table)
        assert("ST_$(prefix)_$(uppercase(String(name)))", value)
    end
    assert("ST_NO_POSITION", ST.ST_NO_POSITION)
    return join(lines, "\n")
end

function compiles(source)
    mktempdir() do directory
        path = joinpath(directory, "layout.c")
        text = "#include <safetensors/safetensors.h>\n$source\n"
        write(path, text)
        success(pipeline(`$COMPILER -std=c11 -fsyntax-only -I$INCLUDE $path`; stderr = stderr))
    end
end

if isempty(INCLUDE) || Sys.which(String(first(COMPILER))) === nothing
    @info "layout.jl is skipped: it needs a C compiler and the header's directory in SAFETENSORS_INCLUDE"
else
    @testset "structs and constants have the values of the header" begin
        # The compiler runs outside of the libraries that Julia needs.
        withenv(() -> @test(compiles(assertions())), "LD_LIBRARY_PATH" => nothing)
    end

    header = read(joinpath(INCLUDE, "safetensors", "safetensors.h"), String)
    declared = Set(Symbol(found[1]) for found in eachmatch(r"^ST_API[^;(]*?(st_\w+)\("m, header))

    @testset "every function of the header is declared" begin
        # st_open is called by its symbol st_open_file.
        @test setdiff(declared, first.(ST.FUNCTIONS)) == Set([:st_open])
    end

    @testset "every status of the header is declared" begin
        codes = Set(Symbol(found[1]) for found in eachmatch(r"^  (ST_E_\w+) = "m, header))
        @test codes == Set(keys(ST.STATUS_CODES))
    end
end

@testset "structs have the sizes of the first release" begin
    sizes = (280, 32, 40, 40, 56, 40, 40, 40, 104, 64, 80, 56)
    types = (
        ST.CError, ST.COpenOptions, ST.CIO, ST.CIdentity, ST.CTensorInfo, ST.CShard, ST.CLocation,
        ST.CMetadataEntry, ST.CSaveTensor, ST.CSaveOptions, ST.CSetOptions, ST.CEdit,
    )
    @test map(sizeof, types) == sizes
    @test ST.initial(ST.CShard) == ST.CShard(40, 0, C_NULL, 0, 0, 0)
end
