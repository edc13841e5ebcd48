# The constants of safetensors.h. Options have symbols in the package's functions; the tables below
# translate them.

"Success."
const ST_OK = Int32(0)

# Values and names of st_status_code.
const STATUS_CODES = (
    ST_E_INVALID_ARGUMENT = 1,
    ST_E_NO_MEMORY = 2,
    ST_E_INTERNAL = 3,
    ST_E_UNSUPPORTED = 4,
    ST_E_CANCELLED = 5,
    ST_E_IO = 20,
    ST_E_NOT_FOUND = 21,
    ST_E_PERMISSION = 22,
    ST_E_NOT_REGULAR = 23,
    ST_E_TRUNCATED = 24,
    ST_E_CHANGED = 25,
    ST_E_HEADER_TOO_SMALL = 40,
    ST_E_HEADER_TOO_LARGE = 41,
    ST_E_HEADER_LENGTH = 42,
    ST_E_UTF8 = 43,
    ST_E_JSON = 44,
    ST_E_SCHEMA = 45,
    ST_E_DUPLICATE = 46,
    ST_E_DTYPE = 47,
    ST_E_OVERFLOW = 48,
    ST_E_SUBBYTE = 49,
    ST_E_SIZE_MISMATCH = 50,
    ST_E_OFFSET = 51,
    ST_E_COVERAGE = 52,
    ST_E_TENSOR_NOT_FOUND = 70,
    ST_E_OUT_OF_RANGE = 71,
    ST_E_BUFFER_TOO_SMALL = 72,
    ST_E_METADATA_NOT_FOUND = 73,
    ST_E_SET_INDEX = 90,
    ST_E_SET_PATH = 91,
    ST_E_SET_SHARD_MISSING = 92,
    ST_E_SET_TENSOR_MISSING = 93,
    ST_E_SET_AMBIGUOUS = 94,
    ST_E_INCOMPLETE = 95,
)

for (name, value) in pairs(STATUS_CODES)
    @eval const $name = Int32($value)
    @eval @doc $("The value of `SafetensorsError.code` that `safetensors.h` documents as `$name`.") $name
end

"st_error.position of an error without a position."
const ST_NO_POSITION = 0x7fffffffffffffff

const BACKENDS = (auto = 0, mmap = 1, pread = 2)
const STRICTNESS = (compatible = 0, strict = 1)
const ACCESS = (read_only = 0, writable = 1)
const SET_POLICIES = (index = 0, all = 1)
const UNALIGNED = (allow = 0, copy = 1)
const ORDERS = (file = 0, name = 1)
const METADATA_FORMS = (absent = 0, null = 1, object = 2)
const DURABILITY = (none = 0, fsync = 1)
const MODES = (inherit = 0, umask = 0x1000)
const LINKS = (replace = 0, follow = 1)
const SPLITS = (hub = 0, balanced = 1)
const INDEX_FORMATS = (hub = 0, sorted = 1)
const EDIT_METHODS = (unchanged = 0, clone = 1, copy = 2, overwrite = 3, insert = 4)

# The value of an option's symbol. Numbers pass unchanged, so that values of later releases work.
function option(table::NamedTuple, what::AbstractString, value::Symbol)
    haskey(table, value) && return UInt32(table[value])
    choices = join((":$name" for name in keys(table)), ", ", " or ")
    throw(ArgumentError("$what is :$value, expected $choices"))
end

function option(::NamedTuple, what::AbstractString, value::Integer)
    0 <= value <= typemax(UInt32) || throw(ArgumentError("$what is $value, expected 32 unsigned bits"))
    return UInt32(value)
end

# The symbol of a value that the library returned; the number if this package does not know it.
function option_symbol(table::NamedTuple, value::Integer)
    for (name, known) in pairs(table)
        known == value && return name
    end
    return Int(value)
end
