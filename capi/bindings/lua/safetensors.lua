--- Reads and writes safetensors files with libsafetensors. LuaJIT 2.1.
--
--     local st = require "safetensors"
--     local file = assert(st.open("model.safetensors"))
--     local weight = assert(file:tensor("weight"))
--     print(weight.dtype, weight.data[0])     -- no copy: the pages of the file
--     file:close()
--
-- A function that fails returns nil and an error object: a table with `code` (as in st.code), `name` ("ST_E_JSON"),
-- `message`, `os_error` and `position` (nil without one), which tostring() converts to its message. Wrong arguments
-- and the use of closed objects raise errors. An error that a callback raises stops the call, which raises it again.
--
-- Indices of elements, tensors and bytes begin at 0, as those of FFI arrays do; lists such as shapes begin at 1.

local ffi = require "ffi"

-- The functions below call C functions that call back, which compiled code must not do.
jit.off(true, true)

-- A second load of this module finds the declarations of the first one.
if not pcall(ffi.typeof, "st_error") then
  -- The text of safetensors.cdef, which the build generates.
  ffi.cdef [[
/* The C ABI of libsafetensors for parsers without a preprocessor: ffi.cdef of cffi and of LuaJIT.
 * Generated from <safetensors/safetensors.h>, which documents it, and <safetensors/dlpack.h>. */

enum { ST_ABI_VERSION = 0, ST_VERSION_MAJOR = 0, ST_VERSION_MINOR = 1, ST_VERSION_PATCH = 0 };
typedef int32_t st_status;
enum st_status_code { ST_STATUS_MINIMUM = -1, ST_OK = 0, ST_E_INVALID_ARGUMENT = 1,
  ST_E_NO_MEMORY = 2, ST_E_INTERNAL = 3, ST_E_UNSUPPORTED = 4, ST_E_CANCELLED = 5, ST_E_IO = 20,
  ST_E_NOT_FOUND = 21, ST_E_PERMISSION = 22, ST_E_NOT_REGULAR = 23, ST_E_TRUNCATED = 24,
  ST_E_CHANGED = 25, ST_E_HEADER_TOO_SMALL = 40, ST_E_HEADER_TOO_LARGE = 41,
  ST_E_HEADER_LENGTH = 42, ST_E_UTF8 = 43, ST_E_JSON = 44, ST_E_SCHEMA = 45, ST_E_DUPLICATE = 46,
  ST_E_DTYPE = 47, ST_E_OVERFLOW = 48, ST_E_SUBBYTE = 49, ST_E_SIZE_MISMATCH = 50, ST_E_OFFSET = 51,
  ST_E_COVERAGE = 52, ST_E_TENSOR_NOT_FOUND = 70, ST_E_OUT_OF_RANGE = 71,
  ST_E_BUFFER_TOO_SMALL = 72, ST_E_METADATA_NOT_FOUND = 73, ST_E_SET_INDEX = 90, ST_E_SET_PATH = 91,
  ST_E_SET_SHARD_MISSING = 92, ST_E_SET_TENSOR_MISSING = 93, ST_E_SET_AMBIGUOUS = 94,
  ST_E_INCOMPLETE = 95 };
enum st_message_size { ST_MESSAGE_SIZE = 256 };
typedef struct st_error { uint32_t size; st_status code; int32_t os_error; int32_t reserved;
  uint64_t position; char message[ST_MESSAGE_SIZE]; } st_error;
enum st_dtype { ST_DTYPE_BOOL = 1, ST_DTYPE_F4 = 2, ST_DTYPE_F6_E2M3 = 3, ST_DTYPE_F6_E3M2 = 4,
  ST_DTYPE_U8 = 5, ST_DTYPE_I8 = 6, ST_DTYPE_F8_E5M2 = 7, ST_DTYPE_F8_E4M3 = 8,
  ST_DTYPE_F8_E8M0 = 9, ST_DTYPE_F8_E4M3FNUZ = 10, ST_DTYPE_F8_E5M2FNUZ = 11, ST_DTYPE_I16 = 12,
  ST_DTYPE_U16 = 13, ST_DTYPE_F16 = 14, ST_DTYPE_BF16 = 15, ST_DTYPE_I32 = 16, ST_DTYPE_U32 = 17,
  ST_DTYPE_F32 = 18, ST_DTYPE_C64 = 19, ST_DTYPE_F64 = 20, ST_DTYPE_I64 = 21, ST_DTYPE_U64 = 22 };
typedef int32_t (*st_read_at_fn)(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes);
typedef int32_t (*st_fill_fn)(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes);
typedef int32_t (*st_write_fn)(void* user_data, uint64_t offset, const void* buffer, uint64_t nbytes);
typedef int32_t (*st_progress_fn)(void* user_data, uint64_t done, uint64_t total);
typedef void (*st_release_fn)(void* user_data);
typedef struct st_file st_file;
enum st_backend { ST_BACKEND_AUTO = 0, ST_BACKEND_MMAP = 1, ST_BACKEND_PREAD = 2 };
enum st_strictness { ST_STRICTNESS_COMPATIBLE = 0, ST_STRICTNESS_STRICT = 1 };
enum st_access { ST_ACCESS_READ_ONLY = 0, ST_ACCESS_WRITABLE = 1 };
enum st_set_policy { ST_SET_INDEX = 0, ST_SET_ALL = 1 };
enum st_unaligned { ST_UNALIGNED_ALLOW = 0, ST_UNALIGNED_COPY = 1 };
typedef struct st_open_options { uint32_t size; uint32_t backend; uint32_t strictness;
  uint32_t access; uint64_t max_header_size; uint32_t set_policy; uint32_t unaligned; }
  st_open_options;
typedef struct st_io { uint32_t size; uint32_t reserved; uint64_t nbytes; st_read_at_fn read_at;
  st_release_fn release; void* user_data; } st_io;
typedef struct st_identity { uint32_t size; uint32_t reserved; uint64_t device; uint64_t inode;
  uint64_t nbytes; uint64_t header_nbytes; } st_identity;
typedef struct st_tensor_info { uint32_t size; uint32_t dtype; const char* name; uint64_t name_len;
  const uint64_t* shape; uint64_t rank; uint64_t nbytes; uint64_t file_offset; } st_tensor_info;
enum st_order { ST_ORDER_FILE = 0, ST_ORDER_NAME = 1 };
typedef struct st_shard { uint32_t size; uint32_t reserved; const char* path; uint64_t first_offset;
  uint64_t nbytes; uint64_t tensor_count; } st_shard;
typedef struct st_location { uint32_t size; int32_t fd; uint64_t shard; const char* path;
  uint64_t file_offset; uint64_t nbytes; } st_location;
typedef struct st_metadata_entry { uint32_t size; uint32_t reserved; const char* key;
  uint64_t key_len; const char* value; uint64_t value_len; } st_metadata_entry;
enum st_metadata_form { ST_METADATA_ABSENT = 0, ST_METADATA_NULL = 1, ST_METADATA_OBJECT = 2 };
typedef struct st_tensor st_tensor;
typedef struct st_save_tensor { uint32_t size; uint32_t dtype; const char* name; uint64_t name_len;
  const uint64_t* shape; uint64_t rank; uint64_t nbytes; const void* data; st_fill_fn fill;
  void* user_data; uint64_t storage_id; uint64_t storage_nbytes; uint64_t reserved;
  uint64_t reserved2; } st_save_tensor;
enum st_durability { ST_DURABILITY_NONE = 0, ST_DURABILITY_FSYNC = 1 };
enum st_mode { ST_MODE_INHERIT = 0, ST_MODE_UMASK = 4096 };
enum st_link { ST_LINK_REPLACE = 0, ST_LINK_FOLLOW = 1 };
typedef struct st_save_options { uint32_t size; uint32_t durability; uint32_t mode; uint32_t link;
  uint32_t metadata_form; uint32_t reserved; uint64_t alignment; const st_metadata_entry* metadata;
  uint64_t metadata_count; st_progress_fn progress; void* progress_user_data; } st_save_options;
enum st_split { ST_SPLIT_HUB = 0, ST_SPLIT_BALANCED = 1 };
enum st_index_format { ST_INDEX_HUB = 0, ST_INDEX_SORTED = 1 };
typedef struct st_set_options { uint32_t size; uint32_t split; uint32_t index_format;
  uint32_t resume; uint64_t max_shard_size; const char* stem; uint64_t stem_len;
  const char* variant; uint64_t variant_len; const st_metadata_entry* index_metadata;
  uint64_t index_metadata_count; uint64_t total_parameters; } st_set_options;
typedef struct st_set_writer st_set_writer;
typedef struct st_set_stage st_set_stage;
typedef struct st_writer st_writer;
enum st_edit_method { ST_EDIT_UNCHANGED = 0, ST_EDIT_CLONE = 1, ST_EDIT_COPY = 2,
  ST_EDIT_OVERWRITE = 3, ST_EDIT_INSERT = 4 };
typedef struct st_edit { uint32_t size; uint32_t in_place; const st_metadata_entry* set;
  uint64_t set_count; const st_metadata_entry* remove; uint64_t remove_count;
  const st_metadata_entry* rename; uint64_t rename_count; } st_edit;
typedef struct st_builder st_builder;
enum st_struct_size { ST_ERROR_SIZE_VER0 = 280, ST_OPEN_OPTIONS_SIZE_VER0 = 32,
  ST_IO_SIZE_VER0 = 40, ST_IDENTITY_SIZE_VER0 = 40, ST_TENSOR_INFO_SIZE_VER0 = 56,
  ST_METADATA_ENTRY_SIZE_VER0 = 40, ST_SAVE_TENSOR_SIZE_VER0 = 104, ST_SAVE_OPTIONS_SIZE_VER0 = 64,
  ST_SHARD_SIZE_VER0 = 40, ST_LOCATION_SIZE_VER0 = 40, ST_SET_OPTIONS_SIZE_VER0 = 80,
  ST_EDIT_SIZE_VER0 = 56 };
uint32_t st_version(void);
const char* st_version_string(void);
const char* st_status_name(st_status status);
const char* st_dtype_name(uint32_t dtype);
uint32_t st_dtype_bits(uint32_t dtype);
st_status st_dtype_from_name(const char* name, uint64_t name_len, uint32_t* dtype, st_error* error);
st_status st_open(const char* path, const st_open_options* options, st_file** file,
  st_error* error);
st_status st_open_fd(int fd, const st_open_options* options, st_file** file, st_error* error);
st_status st_open_memory(const void* bytes, uint64_t nbytes, st_release_fn release, void* user_data,
  const st_open_options* options, st_file** file, st_error* error);
st_status st_open_memory_copy(const void* bytes, uint64_t nbytes, const st_open_options* options,
  st_file** file, st_error* error);
st_status st_open_io(const st_io* io, const st_open_options* options, st_file** file,
  st_error* error);
st_status st_open_set(const char* path, const st_open_options* options, st_file** file,
  st_error* error);
st_file* st_file_ref(st_file* file);
void st_close(st_file* file);
uint64_t st_file_size(const st_file* file);
uint64_t st_file_data_offset(const st_file* file);
int32_t st_file_is_mapped(const st_file* file);
st_status st_file_identity(const st_file* file, st_identity* identity, st_error* error);
st_status st_file_verify_unchanged(const st_file* file, st_error* error);
st_status st_file_is_replaced(const st_file* file, int32_t* replaced, st_error* error);
uint64_t st_file_tensor_count(const st_file* file);
st_status st_file_tensor_at(const st_file* file, uint32_t order, uint64_t index,
  st_tensor_info* info, st_error* error);
st_status st_file_find_tensor(const st_file* file, const char* name, uint64_t name_len,
  st_tensor_info* info, st_error* error);
int32_t st_file_has_tensor(const st_file* file, const char* name, uint64_t name_len);
uint64_t st_shard_count(const st_file* file);
st_status st_shard_at(const st_file* file, uint64_t index, st_shard* shard, st_error* error);
st_status st_tensor_location(const st_file* file, const char* name, uint64_t name_len,
  st_location* location, st_error* error);
st_status st_file_index_metadata(const st_file* file, const char** text, uint64_t* text_len,
  st_error* error);
uint32_t st_file_metadata_form(const st_file* file);
uint64_t st_file_metadata_count(const st_file* file);
st_status st_file_metadata_at(const st_file* file, uint64_t index, st_metadata_entry* entry,
  st_error* error);
st_status st_file_find_metadata(const st_file* file, const char* key, uint64_t key_len,
  const char** value, uint64_t* value_len, st_error* error);
st_status st_file_metadata_range(const st_file* file, const char* key, uint64_t key_len,
  uint64_t* file_offset, uint64_t* nbytes, st_error* error);
st_status st_get_tensor(const st_file* file, const char* name, uint64_t name_len,
  st_tensor** tensor, st_error* error);
st_status st_get_tensor_at(const st_file* file, uint32_t order, uint64_t index, st_tensor** tensor,
  st_error* error);
st_tensor* st_tensor_ref(st_tensor* tensor);
void st_tensor_unref(st_tensor* tensor);
const void* st_tensor_data(const st_tensor* tensor);
void* st_tensor_mutable_data(st_tensor* tensor);
uint64_t st_tensor_nbytes(const st_tensor* tensor);
st_status st_tensor_describe(const st_tensor* tensor, st_tensor_info* info, st_error* error);
st_status st_read_tensor(const st_file* file, const char* name, uint64_t name_len, void* buffer,
  uint64_t buffer_size, st_error* error);
st_status st_read_at(const st_file* file, uint64_t file_offset, void* buffer, uint64_t nbytes,
  st_error* error);
st_status st_file_prefetch(const st_file* file, uint64_t file_offset, uint64_t nbytes,
  st_error* error);
st_status st_read_slice(const st_file* file, const char* name, uint64_t name_len,
  const uint64_t* starts, const uint64_t* stops, uint64_t rank, void* buffer, uint64_t buffer_size,
  uint64_t* nbytes, st_error* error);
st_status st_save(const char* path, const st_save_tensor* tensors, uint64_t count,
  const st_save_options* options, st_error* error);
st_status st_save_size(const st_save_tensor* tensors, uint64_t count,
  const st_save_options* options, uint64_t* nbytes, st_error* error);
st_status st_save_memory(const st_save_tensor* tensors, uint64_t count,
  const st_save_options* options, void* buffer, uint64_t buffer_size, uint64_t* nbytes,
  st_error* error);
st_status st_save_io(st_write_fn write, void* user_data, const st_save_tensor* tensors,
  uint64_t count, const st_save_options* options, st_error* error);
st_status st_save_set(const char* directory, const st_save_tensor* tensors, uint64_t count,
  const st_set_options* set, const st_save_options* options, st_error* error);
st_status st_set_writer_open(const char* directory, const st_set_options* set,
  const st_save_options* options, st_set_writer** writer, st_error* error);
st_status st_set_writer_add(st_set_writer* writer, const char* name, uint64_t name_len,
  uint32_t dtype, const uint64_t* shape, uint64_t rank, const void* data, uint64_t nbytes,
  st_error* error);
st_status st_set_writer_add_fill(st_set_writer* writer, const char* name, uint64_t name_len,
  uint32_t dtype, const uint64_t* shape, uint64_t rank, uint64_t nbytes, st_fill_fn fill,
  void* user_data, st_error* error);
int32_t st_set_writer_has_tensor(const st_set_writer* writer, const char* name, uint64_t name_len);
st_status st_set_writer_commit(st_set_writer* writer, st_error* error);
void st_set_writer_free(st_set_writer* writer);
st_status st_set_stage_open(const char* directory, const st_save_tensor* tensors, uint64_t count,
  const st_set_options* set, const st_save_options* options, st_set_stage** stage, st_error* error);
uint64_t st_set_stage_shard_count(const st_set_stage* stage);
const char* st_set_stage_path(const st_set_stage* stage, uint64_t shard);
uint64_t st_set_stage_shard_of(const st_set_stage* stage, uint64_t index);
st_status st_set_stage_commit(st_set_stage* stage, st_error* error);
void st_set_stage_free(st_set_stage* stage);
st_status st_consolidate(const char* source_directory, const char* directory,
  const st_set_options* set, const st_save_options* options, st_error* error);
st_status st_writer_open(const char* path, const st_save_tensor* tensors, uint64_t count,
  const st_save_options* options, st_writer** writer, st_error* error);
st_status st_writer_write(st_writer* writer, uint64_t index, uint64_t offset, const void* bytes,
  uint64_t nbytes, st_error* error);
st_status st_writer_commit(st_writer* writer, st_error* error);
void st_writer_free(st_writer* writer);
st_status st_edit_metadata(const char* path, const st_edit* edit, const st_save_options* options,
  uint32_t* method, st_error* error);
st_status st_builder_new(st_builder** builder, st_error* error);
void st_builder_free(st_builder* builder);
st_status st_builder_add(st_builder* builder, const char* name, uint64_t name_len, uint32_t dtype,
  const uint64_t* shape, uint64_t rank, const void* data, uint64_t nbytes, st_error* error);
st_status st_builder_add_copy(st_builder* builder, const char* name, uint64_t name_len,
  uint32_t dtype, const uint64_t* shape, uint64_t rank, const void* data, uint64_t nbytes,
  st_error* error);
st_status st_builder_add_fill(st_builder* builder, const char* name, uint64_t name_len,
  uint32_t dtype, const uint64_t* shape, uint64_t rank, uint64_t nbytes, st_fill_fn fill,
  void* user_data, st_error* error);
st_status st_builder_declare(st_builder* builder, const char* name, uint64_t name_len,
  uint32_t dtype, const uint64_t* shape, uint64_t rank, st_error* error);
st_status st_builder_add_metadata(st_builder* builder, const char* key, uint64_t key_len,
  const char* value, uint64_t value_len, st_error* error);
st_status st_builder_save(const st_builder* builder, const char* path,
  const st_save_options* options, st_error* error);
st_status st_builder_save_size(const st_builder* builder, const st_save_options* options,
  uint64_t* nbytes, st_error* error);
st_status st_builder_save_memory(const st_builder* builder, const st_save_options* options,
  void* buffer, uint64_t buffer_size, uint64_t* nbytes, st_error* error);
st_status st_builder_save_io(const st_builder* builder, st_write_fn write, void* user_data,
  const st_save_options* options, st_error* error);
st_status st_builder_save_set(const st_builder* builder, const char* directory,
  const st_set_options* set, const st_save_options* options, st_error* error);
st_status st_builder_open_writer(const st_builder* builder, const char* path,
  const st_save_options* options, st_writer** writer, st_error* error);

struct DLManagedTensorVersioned;
struct DLManagedTensor;
st_status st_tensor_to_dlpack(st_tensor* tensor, struct DLManagedTensorVersioned** managed,
  st_error* error);
st_status st_tensor_to_dlpack_unversioned(st_tensor* tensor, struct DLManagedTensor** managed,
  st_error* error);
st_status st_builder_add_dlpack(st_builder* builder, const char* name, uint64_t name_len,
  struct DLManagedTensorVersioned* managed, st_error* error);
st_status st_builder_add_dlpack_unversioned(st_builder* builder, const char* name,
  uint64_t name_len, struct DLManagedTensor* managed, st_error* error);
]]
end

local C = ffi.load(os.getenv("LIBSAFETENSORS") or "libsafetensors.so.0")

local st = {}

-- Names of an enumeration's constants without their prefix, in lower case, and their values.
local function constants(prefix, names)
  local values = {}
  for name in names:gmatch("%S+") do values[name:lower()] = C[prefix .. name] end
  return values
end

--- Codes of errors: st.code.not_found.
st.code = constants("ST_E_", [[INVALID_ARGUMENT NO_MEMORY INTERNAL UNSUPPORTED CANCELLED IO NOT_FOUND PERMISSION
  NOT_REGULAR TRUNCATED CHANGED HEADER_TOO_SMALL HEADER_TOO_LARGE HEADER_LENGTH UTF8 JSON SCHEMA DUPLICATE DTYPE
  OVERFLOW SUBBYTE SIZE_MISMATCH OFFSET COVERAGE TENSOR_NOT_FOUND OUT_OF_RANGE BUFFER_TOO_SMALL METADATA_NOT_FOUND SET_INDEX
  SET_PATH SET_SHARD_MISSING SET_TENSOR_MISSING SET_AMBIGUOUS INCOMPLETE]])
local backends = constants("ST_BACKEND_", "AUTO MMAP PREAD")
local policies = constants("ST_SET_", "INDEX ALL")
local orders = constants("ST_ORDER_", "FILE NAME")
local forms = constants("ST_METADATA_", "ABSENT NULL OBJECT")
local splits = constants("ST_SPLIT_", "HUB BALANCED")
local index_formats = constants("ST_INDEX_", "HUB SORTED")
local edit_methods = constants("ST_EDIT_", "UNCHANGED CLONE COPY OVERWRITE INSERT")

-- C types of elements. Types that LuaJIT does not have are unsigned integers with their bits; F4 and F6 are packed.
local element_types = {
  BOOL = "uint8_t", F4 = "uint8_t", F6_E2M3 = "uint8_t", F6_E3M2 = "uint8_t", U8 = "uint8_t", I8 = "int8_t",
  F8_E5M2 = "uint8_t", F8_E4M3 = "uint8_t", F8_E8M0 = "uint8_t", F8_E4M3FNUZ = "uint8_t", F8_E5M2FNUZ = "uint8_t",
  I16 = "int16_t", U16 = "uint16_t", F16 = "uint16_t", BF16 = "uint16_t", I32 = "int32_t", U32 = "uint32_t",
  F32 = "float", C64 = "complex float", F64 = "double", I64 = "int64_t", U64 = "uint64_t",
}

-- The name of a value in a table of constants, or the number.
local function name_in(values, value)
  for name, number in pairs(values) do
    if number == value then return name end
  end
  return value
end

-- The value of an option, or the constant that `default` names.
local function choice(values, name, default, what)
  local value = values[name == nil and default or name]
  if value == nil then error(("invalid %s %q"):format(what, tostring(name)), 0) end
  return value
end

-- Raises an error about an option that does not exist.
local function check_options(options, allowed)
  if type(options) ~= "table" then error("options are not a table", 0) end
  for name in pairs(options) do
    if not allowed[name] then error(("unknown option %q"):format(tostring(name)), 0) end
  end
end

local function set_of(...)
  local set = {}
  for _, names in ipairs { ... } do
    for name in names:gmatch("%S+") do set[name] = true end
  end
  return set
end

local function check_string(value, what)
  if type(value) ~= "string" then error(("%s is a %s: expected a string"):format(what, type(value)), 0) end
  return value
end

local function check_path(path)
  if check_string(path, "path"):find("\0", 1, true) then error("the path contains a NUL byte", 0) end
  return path
end

-- A uint64_t[] of a list of numbers.
local function extents_of(list)
  local array = ffi.new("uint64_t[?]", #list)
  for i, extent in ipairs(list) do
    if type(extent) == "number" and (extent < 0 or extent >= 2 ^ 64 or extent % 1 ~= 0) then
      error(("invalid number of elements %s"):format(extent), 0)
    end
    array[i - 1] = extent
  end
  return array
end

local function is_pointer(data) return tostring(ffi.typeof(data)):find("%*>$") ~= nil end

-- Address and size of a string or of an FFI array.
local function memory_of(data)
  if type(data) == "string" then return ffi.cast("const void*", data), #data end
  if type(data) ~= "cdata" or is_pointer(data) then
    error(("expected a string or an FFI array, got %s"):format(type(data) == "cdata" and "a pointer" or type(data)), 0)
  end
  return ffi.cast("void*", data), ffi.sizeof(data)
end

---- Errors

local Error = {}
Error.__index = Error
Error.__tostring = function(self) return self.message end

local function error_of(e)
  return setmetatable({
    code = e.code,
    name = ffi.string(C.st_status_name(e.code)),
    message = ffi.string(e.message),
    os_error = e.os_error,
    position = e.position ~= 0x7FFFFFFFFFFFFFFFULL and tonumber(e.position) or nil,
  }, Error)
end

-- A zeroed struct with its size set.
local function struct(kind)
  local value = ffi.new(kind)
  value.size = ffi.sizeof(kind)
  return value
end

---- Calls, and the library's calls back

local depth = 0 -- number of calls of the library that run
local raised -- {error} that a callback of the running call raised

-- Calls a function whose last parameter is an st_error. Returns true, or nil and an error object.
local function call(f, ...)
  local e, n = struct("st_error"), select("#", ...)
  local arguments = { ... }
  arguments[n + 1] = e
  depth = depth + 1
  local ok, status = pcall(f, unpack(arguments, 1, n + 1))
  depth = depth - 1
  if not ok then error(status, 0) end
  if status == 0 then return true end
  if raised then
    local value = raised.value
    raised = nil
    error(value, 0)
  end
  return nil, error_of(e)
end

-- Functions that callbacks call: a number, the user data, -> the function. The objects that the library calls back for
-- hold the functions.
local functions = setmetatable({}, { __mode = "v" })
local last_function = 0

local function user_data_of(f)
  last_function = last_function + 1
  functions[last_function] = f
  return ffi.cast("void*", last_function)
end

-- Runs the function of a callback. Errors must not pass the library's frames.
local function guarded(user_data, run, ...)
  local ok, value = pcall(run, functions[tonumber(ffi.cast("uintptr_t", user_data))], ...)
  if ok then return 0 end
  raised = { value = value }
  return -1
end

local function provide(f, offset, buffer, nbytes)
  local data, reason = f(tonumber(offset), tonumber(nbytes))
  if data == nil then error(reason or "the callback returned nil", 0) end
  local bytes, length = memory_of(data)
  if length ~= nbytes then
    error(("the callback returned %d bytes: expected %d"):format(tonumber(length), tonumber(nbytes)), 0)
  end
  ffi.copy(buffer, bytes, nbytes)
end

local function receive(f, buffer, nbytes)
  local ok, reason = f(ffi.string(buffer, nbytes))
  if ok == nil and reason ~= nil then error(reason, 0) end
end

local function report(f, done, total) f(tonumber(done), tonumber(total)) end

local read_at = ffi.cast("st_read_at_fn", function(user_data, offset, buffer, nbytes)
  return guarded(user_data, provide, offset, buffer, nbytes)
end)
local write = ffi.cast("st_write_fn", function(user_data, _, buffer, nbytes)
  return guarded(user_data, receive, buffer, nbytes)
end)
local progress = ffi.cast("st_progress_fn", function(user_data, done, total)
  return guarded(user_data, report, done, total)
end)

-- Returns the values after `kept`, which is reachable until they are computed. A tail call would not keep it.
local function keeping(kept, ...) return ... end

-- Creates a handle by a function whose last parameters are the handle to set and an st_error.
local function create(kind, release, f, ...)
  local out = ffi.new(kind .. "*[1]")
  local arguments, n = { ... }, select("#", ...)
  arguments[n + 1] = out
  local ok, e = call(f, unpack(arguments, 1, n + 1))
  if not ok then return nil, e end
  return ffi.gc(out[0], release)
end

-- Releases a handle, at once unless a callback of a call that uses it asks for it.
local function release_handle(handle, release)
  if handle and depth == 0 then release(ffi.gc(handle, nil)) end
end

---- Arguments

local function entries_of(values, kept)
  local keys = {}
  for key in pairs(values or {}) do keys[#keys + 1] = check_string(key, "a metadata key") end
  table.sort(keys)
  if #keys == 0 then return nil, 0 end
  local entries = ffi.new("st_metadata_entry[?]", #keys)
  for i, key in ipairs(keys) do
    local value = check_string(values[key], "a metadata value")
    local entry = entries[i - 1]
    entry.size = ffi.sizeof("st_metadata_entry")
    entry.key, entry.key_len, entry.value, entry.value_len = key, #key, value, #value
    kept[#kept + 1] = { key, value }
  end
  kept[#kept + 1] = entries
  return entries, #keys
end

local open_names = set_of "backend strict writable max_header_size set_policy copy_unaligned"

local function open_options(options)
  options = options or {}
  check_options(options, open_names)
  local o = struct("st_open_options")
  o.backend = choice(backends, options.backend, "auto", "backend")
  o.strictness = options.strict and 1 or 0
  o.access = options.writable and 1 or 0
  o.max_header_size = options.max_header_size or 0
  o.set_policy = choice(policies, options.set_policy, "index", "set policy")
  o.unaligned = options.copy_unaligned == false and C.ST_UNALIGNED_ALLOW or C.ST_UNALIGNED_COPY
  return o
end

local save_names = set_of "metadata fsync mode follow_link metadata_form alignment progress"
local set_names = set_of("metadata fsync mode follow_link metadata_form alignment progress",
  "max_shard_size split index_format stem variant index_metadata total_parameters resume")

-- An st_save_options; `kept` receives what it points to.
local function save_options(options, kept, allowed)
  options = options or {}
  check_options(options, allowed or save_names)
  local o = struct("st_save_options")
  o.durability = options.fsync and 1 or 0
  o.mode = options.mode == "umask" and C.ST_MODE_UMASK or options.mode or 0
  o.link = options.follow_link and 1 or 0
  o.metadata_form = choice(forms, options.metadata_form, "absent", "metadata form")
  o.alignment = options.alignment or 0
  o.metadata, o.metadata_count = entries_of(options.metadata, kept)
  if options.progress then
    o.progress, o.progress_user_data = progress, user_data_of(options.progress)
    kept[#kept + 1] = options.progress
  end
  kept[#kept + 1] = o
  return o
end

-- An st_set_options and an st_save_options.
local function set_options(options, kept)
  options = options or {}
  local save = save_options(options, kept, set_names)
  local o = struct("st_set_options")
  o.split = choice(splits, options.split, "hub", "split")
  o.index_format = choice(index_formats, options.index_format, "hub", "index format")
  o.resume = options.resume and 1 or 0
  o.max_shard_size = options.max_shard_size or 0
  if options.stem then o.stem, o.stem_len = options.stem, #options.stem end
  if options.variant then o.variant, o.variant_len = options.variant, #options.variant end
  o.index_metadata, o.index_metadata_count = entries_of(options.index_metadata, kept)
  o.total_parameters = options.total_parameters or 0
  kept[#kept + 1] = { o, options.stem, options.variant }
  return o, save
end

local function dtype_value(name)
  local out = ffi.new("uint32_t[1]")
  local ok, e = call(C.st_dtype_from_name, check_string(name, "dtype"), #name, out)
  if not ok then return nil, e end
  return out[0]
end

---- Tensors

--- A tensor of a file: fields name, dtype, shape, nbytes, file_offset, and
-- data      the elements, a pointer that keeps the tensor's memory valid (pointers computed from it do not); const
--           unless the file is writable
-- ctype     the C type of an element: "float" for F32, "uint16_t" for BF16
-- A tensor stays valid after its file is closed.
local Tensor = {}
Tensor.__index = Tensor

-- Pointers of tensors -> what keeps their memory valid.
local owners = setmetatable({}, { __mode = "k" })

local function info_of(i)
  local shape = {}
  for d = 1, tonumber(i.rank) do shape[d] = tonumber(i.shape[d - 1]) end
  return {
    name = ffi.string(i.name, i.name_len),
    dtype = ffi.string(C.st_dtype_name(i.dtype)),
    shape = shape,
    nbytes = tonumber(i.nbytes),
    file_offset = tonumber(i.file_offset),
  }
end

-- A Tensor of an st_tensor. `source` is what the file reads from.
local function tensor_of(handle, e, source)
  if not handle then return nil, e end
  local info = struct("st_tensor_info")
  local ok, failure = call(C.st_tensor_describe, handle, info)
  if not ok then return nil, failure end
  local self = setmetatable(info_of(info), Tensor)
  self.ctype = element_types[self.dtype] or "uint8_t"
  local mutable = C.st_tensor_mutable_data(handle)
  self.writable = mutable ~= nil
  self.data = ffi.cast((self.writable and "" or "const ") .. self.ctype .. "*",
    self.writable and mutable or C.st_tensor_data(handle))
  self.owner = { handle, source }
  owners[self.data] = self.owner
  return self
end

--- The bytes as a string, a copy.
function Tensor:bytes() return ffi.string(self.data, self.nbytes) end

function Tensor:__tostring()
  return ("tensor %s %s [%s]"):format(self.name, self.dtype, table.concat(self.shape, ", "))
end

---- Files

--- An open file or set.
local File = {}
File.__index = File

local function file_of(handle, e, source)
  if not handle then return nil, e end
  return setmetatable({ handle = handle, source = source }, File)
end

local function handle_of(self)
  return self.handle or error("the object is closed", 0)
end

--- Opens a file. Options: backend ("auto", "mmap", "pread"), strict, writable, max_header_size, set_policy ("index",
-- "all"), copy_unaligned (true: tensors that the file does not align to their elements are copied).
function st.open(path, options)
  return file_of(create("st_file", C.st_close, C.st_open, check_path(path), open_options(options)))
end

--- Opens the regular file of a descriptor, which remains the caller's.
function st.open_fd(fd, options)
  return file_of(create("st_file", C.st_close, C.st_open_fd, fd, open_options(options)))
end

--- Opens a model in one or more files: a directory, an index or one file.
function st.open_set(path, options)
  return file_of(create("st_file", C.st_close, C.st_open_set, check_path(path), open_options(options)))
end

--- Opens a string, or an FFI array, without a copy.
function st.open_memory(data, options)
  local bytes, nbytes = memory_of(data)
  local handle, e = create("st_file", C.st_close, C.st_open_memory, bytes, nbytes, nil, nil, open_options(options))
  return file_of(handle, e, data)
end

--- Opens a file of `nbytes` bytes that read(offset, nbytes) returns, as a string of that length, or nil and a reason.
function st.open_io(nbytes, read, options)
  local io = struct("st_io")
  io.nbytes, io.read_at, io.user_data = nbytes, read_at, user_data_of(read)
  local handle, e = create("st_file", C.st_close, C.st_open_io, io, open_options(options))
  return file_of(handle, e, read)
end

--- Closes the file. Its tensors stay valid.
function File:close()
  release_handle(self.handle, C.st_close)
  self.handle = nil
end

--- Number of tensors.
function File:count() return tonumber(C.st_file_tensor_count(handle_of(self))) end

--- Whether the file has a tensor.
function File:has(name) return C.st_file_has_tensor(handle_of(self), check_string(name, "name"), #name) ~= 0 end

--- A tensor, without a copy where the file is mapped or in memory.
function File:tensor(name)
  local file = handle_of(self)
  local handle, e = create("st_tensor", C.st_tensor_unref, C.st_get_tensor, file, check_string(name, "name"), #name)
  return tensor_of(handle, e, self.source)
end

--- The tensor at an index, from 0, in an order: "name" (the default) or "file".
function File:tensor_at(index, order)
  local by = choice(orders, order, "name", "order")
  local handle, e = create("st_tensor", C.st_tensor_unref, C.st_get_tensor_at, handle_of(self), by, index)
  return tensor_of(handle, e, self.source)
end

--- A tensor's entry in the header: name, dtype, shape, nbytes, file_offset.
function File:info(name)
  local info = struct("st_tensor_info")
  local ok, e = call(C.st_file_find_tensor, handle_of(self), check_string(name, "name"), #name, info)
  if not ok then return nil, e end
  return info_of(info)
end

--- Iterates over the entries of all tensors, in the order "name" (the default) or "file".
function File:infos(order)
  local handle, by, info, index = handle_of(self), choice(orders, order, "name", "order"), struct("st_tensor_info"), -1
  local count = self:count()
  return function()
    index = index + 1
    if index >= count then return nil end
    assert(call(C.st_file_tensor_at, handle, by, index, info))
    return info_of(info)
  end
end

-- A new array for elements of a tensor.
local function new_array(info, nbytes)
  local ctype = element_types[info.dtype] or "uint8_t"
  return ffi.new(ctype .. "[?]", nbytes / ffi.sizeof(ctype))
end

--- Reads a tensor into a new FFI array, or into `buffer`, an FFI array, and returns it.
function File:read(name, buffer)
  if not buffer then
    local info, e = self:info(name)
    if not info then return nil, e end
    buffer = new_array(info, info.nbytes)
  end
  local bytes, nbytes = memory_of(buffer)
  local ok, e = call(C.st_read_tensor, handle_of(self), check_string(name, "name"), #name, bytes, nbytes)
  if not ok then return nil, e end
  return buffer
end

--- Reads the elements starts[d] <= i < stops[d] of each dimension, indices from 0, into a new FFI array or `buffer`.
function File:read_slice(name, starts, stops, buffer)
  local first, last, nbytes = extents_of(starts), extents_of(stops), ffi.new("uint64_t[1]")
  local handle, rank = handle_of(self), math.max(#starts, #stops)
  if not buffer then
    local info, e = self:info(name)
    if not info then return nil, e end
    local ok
    ok, e = call(C.st_read_slice, handle, name, #name, first, last, rank, nil, 0, nbytes)
    if not ok then return nil, e end
    buffer = new_array(info, tonumber(nbytes[0]))
  end
  local bytes, size = memory_of(buffer)
  local ok, e = call(C.st_read_slice, handle, check_string(name, "name"), #name, first, last, rank, bytes, size, nil)
  if not ok then return nil, e end
  return buffer
end

--- Reads `nbytes` bytes at an offset of the file and returns them as a string.
function File:read_at(file_offset, nbytes)
  local buffer = ffi.new("uint8_t[?]", nbytes)
  local ok, e = call(C.st_read_at, handle_of(self), file_offset, buffer, nbytes)
  if not ok then return nil, e end
  return ffi.string(buffer, nbytes)
end

--- Size of the file in bytes.
function File:size() return tonumber(C.st_file_size(handle_of(self))) end

--- Offset of the tensor data.
function File:data_offset() return tonumber(C.st_file_data_offset(handle_of(self))) end

--- Whether the file is mapped.
function File:is_mapped() return C.st_file_is_mapped(handle_of(self)) ~= 0 end

--- Identity of the file: device and inode (uint64_t), nbytes, header_nbytes.
function File:identity()
  local i = struct("st_identity")
  local ok, e = call(C.st_file_identity, handle_of(self), i)
  if not ok then return nil, e end
  return { device = i.device, inode = i.inode, nbytes = tonumber(i.nbytes), header_nbytes = tonumber(i.header_nbytes) }
end

--- true, or nil and an error if the file was modified after it was opened.
function File:verify_unchanged() return call(C.st_file_verify_unchanged, handle_of(self)) end

--- Whether another file has taken the path from which this one was opened: a server calls it at intervals, and opens
-- the path again. A path that names nothing has not been taken. Of a set, the index and every shard count. nil and an
-- error if the path cannot be examined.
function File:is_replaced()
  local replaced = ffi.new("int32_t[1]")
  local ok, e = call(C.st_file_is_replaced, handle_of(self), replaced)
  if not ok then return nil, e end
  return replaced[0] ~= 0
end

--- Starts to read into the page cache, and does not wait: the whole file; a tensor, file:prefetch(name); or a range of
-- bytes, file:prefetch(file_offset, nbytes). Does nothing for memory and functions that read.
function File:prefetch(from, nbytes)
  local handle, offset = handle_of(self), from or 0
  if from == nil then
    nbytes = C.st_file_size(handle)
  elseif type(from) == "string" then
    local info, e = self:info(from)
    if not info then return nil, e end
    offset, nbytes = info.file_offset, info.nbytes
  end
  return call(C.st_file_prefetch, handle, offset, nbytes)
end

--- The files of the set: a list of path, first_offset, nbytes, tensor_count.
function File:shards()
  local handle, shard, list = handle_of(self), struct("st_shard"), {}
  for i = 1, tonumber(C.st_shard_count(handle)) do
    local ok, e = call(C.st_shard_at, handle, i - 1, shard)
    if not ok then return nil, e end
    list[i] = {
      path = ffi.string(shard.path),
      first_offset = tonumber(shard.first_offset),
      nbytes = tonumber(shard.nbytes),
      tensor_count = tonumber(shard.tensor_count),
    }
  end
  return list
end

--- Where a tensor's bytes are: fd (nil without one), shard (index from 0), path, file_offset in the shard, nbytes.
function File:location(name)
  local l = struct("st_location")
  local ok, e = call(C.st_tensor_location, handle_of(self), check_string(name, "name"), #name, l)
  if not ok then return nil, e end
  return {
    fd = l.fd >= 0 and l.fd or nil,
    shard = tonumber(l.shard),
    path = ffi.string(l.path),
    file_offset = tonumber(l.file_offset),
    nbytes = tonumber(l.nbytes),
  }
end

--- The "metadata" of the set's index, as JSON.
function File:index_metadata()
  local text, length = ffi.new("const char*[1]"), ffi.new("uint64_t[1]")
  local ok, e = call(C.st_file_index_metadata, handle_of(self), text, length)
  if not ok then return nil, e end
  return ffi.string(text[0], length[0])
end

--- All metadata entries, a table.
function File:metadata()
  local handle, entry, values = handle_of(self), struct("st_metadata_entry"), {}
  for i = 0, tonumber(C.st_file_metadata_count(handle)) - 1 do
    local ok, e = call(C.st_file_metadata_at, handle, i, entry)
    if not ok then return nil, e end
    values[ffi.string(entry.key, entry.key_len)] = ffi.string(entry.value, entry.value_len)
  end
  return values
end

--- The value of a metadata key.
function File:find_metadata(key)
  local value, length = ffi.new("const char*[1]"), ffi.new("uint64_t[1]")
  local ok, e = call(C.st_file_find_metadata, handle_of(self), check_string(key, "key"), #key, value, length)
  if not ok then return nil, e end
  return ffi.string(value[0], length[0])
end

--- Form of the header's __metadata__: "absent", "null" or "object".
function File:metadata_form() return name_in(forms, C.st_file_metadata_form(handle_of(self))) end

--- Offset and number of the bytes of a metadata value in the file.
function File:metadata_range(key)
  local offset, nbytes = ffi.new("uint64_t[1]"), ffi.new("uint64_t[1]")
  local ok, e = call(C.st_file_metadata_range, handle_of(self), check_string(key, "key"), #key, offset, nbytes)
  if not ok then return nil, e end
  return tonumber(offset[0]), tonumber(nbytes[0])
end

---- Save

-- Calls f(self, ...) unless a callback of a call of the same object does.
local function exclusive(self, f, ...)
  handle_of(self)
  if self.busy then error("a callback cannot use the object that called it", 0) end
  self.busy = true
  local results = { pcall(f, self, ...) }
  self.busy = false
  if not results[1] then error(results[2], 0) end
  return unpack(results, 2, 3)
end

-- Number of bytes that dtype and shape say.
local function size_of(dtype, shape)
  local bits = C.st_dtype_bits(dtype)
  for _, extent in ipairs(shape) do bits = bits * extent end
  return math.floor(bits / 8)
end

-- Bytes and their number of a tensor to save: a string, an FFI array, or a pointer to all bytes.
local function bytes_of(data, dtype, shape)
  if type(data) == "cdata" and is_pointer(data) then return ffi.cast("const void*", data), size_of(dtype, shape) end
  return memory_of(data)
end

-- Arguments of the C functions that add a tensor, after the handle: {name, #name, dtype, shape, rank}.
local function described(name, value)
  if type(value) ~= "table" or type(value.shape) ~= "table" then
    error("a tensor to save is a table with dtype, shape and data", 0)
  end
  local dtype, e = dtype_value(value.dtype)
  if not dtype then return nil, e end
  return { check_string(name, "name"), #name, dtype, extents_of(value.shape), #value.shape }
end

-- Adds a tensor by one of the functions for bytes, a callback, and declarations.
local function add_tensor(self, name, value, add, add_fill, declare)
  local a, e = described(name, value)
  if not a then return nil, e end
  local handle = self.handle
  if value.fill then
    self.kept[#self.kept + 1] = value.fill
    local nbytes, user_data = size_of(a[3], value.shape), user_data_of(value.fill)
    return call(add_fill, handle, a[1], a[2], a[3], a[4], a[5], nbytes, read_at, user_data)
  elseif value.data ~= nil then
    local data, nbytes = bytes_of(value.data, a[3], value.shape)
    self.kept[#self.kept + 1] = { value.data, value.owner }
    return call(add, handle, a[1], a[2], a[3], a[4], a[5], data, nbytes)
  elseif declare then
    return call(declare, handle, a[1], a[2], a[3], a[4], a[5])
  end
  error("a tensor to save needs data or fill", 0)
end

--- Collects tensors and saves them any number of times.
local Builder = {}
Builder.__index = Builder

--- A new builder.
function st.builder()
  local handle, e = create("st_builder", C.st_builder_free, C.st_builder_new)
  if not handle then return nil, e end
  return setmetatable({ handle = handle, kept = {} }, Builder)
end

--- Adds a tensor: a table with dtype, shape and
--   data   its bytes: a string, an FFI array, or a pointer to as many bytes as dtype and shape say
--   fill   or a function fill(offset, nbytes) that returns a piece of them as a string
-- or neither, to declare it for a writer. A tensor of a file is such a table. `copy` copies the bytes at once.
function Builder:add(name, value, copy)
  return exclusive(self, add_tensor, name, value, copy and C.st_builder_add_copy or C.st_builder_add,
    C.st_builder_add_fill, C.st_builder_declare)
end

--- Adds a metadata entry.
function Builder:add_metadata(key, value)
  return exclusive(self, function()
    check_string(key, "key")
    return call(C.st_builder_add_metadata, self.handle, key, #key, check_string(value, "value"), #value)
  end)
end

--- Writes a file and replaces `path` by it atomically. Options: metadata, fsync, mode (a number, or "umask"),
-- follow_link, metadata_form, alignment, progress(done, total).
function Builder:save(path, options)
  return exclusive(self, function()
    local kept = {}
    return keeping(kept, call(C.st_builder_save, self.handle, check_path(path), save_options(options, kept)))
  end)
end

--- Size of the file that save would write.
function Builder:save_size(options)
  return exclusive(self, function()
    local kept, nbytes = {}, ffi.new("uint64_t[1]")
    local ok, e = call(C.st_builder_save_size, self.handle, save_options(options, kept), nbytes)
    if not ok then return nil, e end
    return tonumber(nbytes[0])
  end)
end

--- The bytes that save would write, a string.
function Builder:save_memory(options)
  local size, failure = self:save_size(options)
  if not size then return nil, failure end
  return exclusive(self, function()
    local kept, buffer = {}, ffi.new("uint8_t[?]", size)
    local ok, e = call(C.st_builder_save_memory, self.handle, save_options(options, kept), buffer, size, nil)
    if not ok then return nil, e end
    return ffi.string(buffer, size)
  end)
end

--- Passes the bytes that save would write to receive(string), in order. It may return nil and a reason to stop, as
-- the method write of files does.
function Builder:save_io(receive_bytes, options)
  return exclusive(self, function()
    local kept, user_data = {}, user_data_of(receive_bytes)
    return keeping(kept, call(C.st_builder_save_io, self.handle, write, user_data, save_options(options, kept)))
  end)
end

--- Writes a set: shards and an index. Options: those of save, and max_shard_size, split ("hub", "balanced"),
-- index_format ("hub", "sorted"), stem, variant, index_metadata, total_parameters.
function Builder:save_set(directory, options)
  return exclusive(self, function()
    local kept = {}
    return keeping(kept, call(C.st_builder_save_set, self.handle, check_path(directory), set_options(options, kept)))
  end)
end

-- A builder with tensors: a table of names, or a list of tables that have names, whose order sets keep.
local function builder_of(tensors)
  local builder, e = st.builder()
  if not builder then return nil, e end
  local list = {}
  for key, value in pairs(tensors) do
    if type(key) == "string" then list[#list + 1] = key end
  end
  table.sort(list)
  for i, name in ipairs(list) do list[i] = { name, tensors[name] } end
  for _, value in ipairs(tensors) do list[#list + 1] = { value.name, value } end
  for _, pair in ipairs(list) do
    local ok, failure = builder:add(pair[1], pair[2])
    if not ok then return nil, failure end
  end
  return builder
end

-- A function with the arguments (..., tensors, options) of a method of Builder.
local function saves(method)
  return function(target, tensors, options)
    local builder, e = builder_of(tensors)
    if not builder then return nil, e end
    return builder[method](builder, target, options)
  end
end

--- save(path, tensors, options) writes a file. `tensors` is a table from names to tensors as Builder:add takes them, or
-- a list of such tables with names. The options are those of Builder:save.
st.save = saves "save"
--- save_io(receive, tensors, options): see Builder:save_io.
st.save_io = saves "save_io"
--- save_set(directory, tensors, options): see Builder:save_set.
st.save_set = saves "save_set"

--- The bytes that save would write, a string.
function st.save_memory(tensors, options)
  local builder, e = builder_of(tensors)
  if not builder then return nil, e end
  return builder:save_memory(options)
end

--- Size of the file that save would write.
function st.save_size(tensors, options)
  local builder, e = builder_of(tensors)
  if not builder then return nil, e end
  return builder:save_size(options)
end

---- Write in pieces

--- Writes the bytes of declared tensors in any order.
local Writer = {}
Writer.__index = Writer

--- A writer of a file with the builder's tensors, whose bytes are ignored.
function Builder:open_writer(path, options)
  return exclusive(self, function()
    local kept = {}
    local handle, e = create("st_writer", C.st_writer_free, C.st_builder_open_writer, self.handle, check_path(path),
      save_options(options, kept))
    if not handle then return nil, e end
    return setmetatable({ handle = handle }, Writer)
  end)
end

--- open_writer(path, tensors, options): `tensors` is a list of tables with name, dtype and shape.
st.open_writer = saves "open_writer"

--- Writes bytes, a string or an FFI array, at an offset of the tensor at an index, from 0, of the declared tensors.
function Writer:write(index, offset, data)
  local bytes, nbytes = memory_of(data)
  return keeping(data, call(C.st_writer_write, handle_of(self), index, offset, bytes, nbytes))
end

--- Replaces the file at the path. Fails with ST_E_INCOMPLETE while bytes are missing.
function Writer:commit() return call(C.st_writer_commit, handle_of(self)) end

--- Frees the writer; without a commit, removes what it wrote.
function Writer:close()
  release_handle(self.handle, C.st_writer_free)
  self.handle = nil
end

--- Writes a set one tensor at a time, in constant memory.
local SetWriter = {}
SetWriter.__index = SetWriter

--- A writer of a set. Options: those of Builder:save_set, and resume: keep complete shards without a commit, and reuse
-- those of an earlier writer with equal options.
function st.set_writer(directory, options)
  local kept = {}
  local set, save = set_options(options, kept)
  local path = check_path(directory)
  local handle, e = create("st_set_writer", C.st_set_writer_free, C.st_set_writer_open, path, set, save)
  if not handle then return nil, e end
  return setmetatable({ handle = handle, options = kept, kept = {} }, SetWriter)
end

--- Adds a tensor, a table as Builder:add takes it, and writes its bytes.
function SetWriter:add(name, value)
  local ok, e = exclusive(self, add_tensor, name, value, C.st_set_writer_add, C.st_set_writer_add_fill)
  self.kept = {}
  return ok, e
end

--- Whether a complete shard that `resume` found has the tensor, so that its bytes are not needed.
function SetWriter:has(name)
  return C.st_set_writer_has_tensor(handle_of(self), check_string(name, "name"), #name) ~= 0
end

--- Publishes the set.
function SetWriter:commit()
  return exclusive(self, function() return call(C.st_set_writer_commit, self.handle) end)
end

--- Frees the writer; without a commit, removes what it wrote.
function SetWriter:close()
  release_handle(self.handle, C.st_set_writer_free)
  self.handle = nil
end

---- Change files

local edit_names = set_of "metadata remove rename in_place"

--- Changes a file: `changes` has metadata (entries to add or replace), remove (a list of keys), rename (a table from
-- tensor names to new names) and in_place. Of the options, fsync, mode, follow_link and progress apply. Returns
-- "unchanged", "clone", "copy", "overwrite" or "insert".
function st.edit(path, changes, options)
  check_options(changes, edit_names)
  local kept, edit, method, removed = {}, struct("st_edit"), ffi.new("uint32_t[1]"), {}
  for _, key in ipairs(changes.remove or {}) do removed[key] = "" end
  edit.in_place = changes.in_place and 1 or 0
  edit.set, edit.set_count = entries_of(changes.metadata, kept)
  edit.remove, edit.remove_count = entries_of(removed, kept)
  for i = 0, tonumber(edit.remove_count) - 1 do kept[#kept][i].value = nil end
  edit.rename, edit.rename_count = entries_of(changes.rename, kept)
  local ok, e = call(C.st_edit_metadata, check_path(path), edit, save_options(options, kept), method)
  if not ok then return nil, e end
  return name_in(edit_methods, method[0])
end

--- Joins a checkpoint whose files have parts of tensors to a set. Options: those of Builder:save_set.
function st.consolidate(source_directory, directory, options)
  local kept, source, target = {}, check_path(source_directory), check_path(directory)
  return keeping(kept, call(C.st_consolidate, source, target, set_options(options, kept)))
end

--- Version of libsafetensors in use, "0.1.0".
function st.version() return ffi.string(C.st_version_string()) end

--- Bits per element of a dtype, "BF16".
function st.dtype_bits(dtype)
  local value, e = dtype_value(dtype)
  if not value then return nil, e end
  return C.st_dtype_bits(value)
end

--- The functions of the C ABI.
st.C = C

return st
