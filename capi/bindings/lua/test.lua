-- Tests of safetensors.lua: luajit test.lua DIRECTORY, an empty directory for the files that they write.

local ffi = require "ffi"
local st = require "safetensors"

local directory = assert(arg[1], "usage: luajit test.lua DIRECTORY")
local failures, count = 0, 0

local function test(name, f)
  count = count + 1
  local ok, message = xpcall(f, debug.traceback)
  collectgarbage()
  if not ok then
    failures = failures + 1
    print(("FAILED: %s: %s"):format(name, tostring(message)))
  end
end

local function equal(actual, expected)
  if actual ~= expected then
    error(("%s is not %s"):format(tostring(actual), tostring(expected)), 2)
  end
end

-- f(...) returns nil and an error of this name.
local function fails(name, value, e)
  equal(value, nil)
  equal(e.name, name)
  assert(#e.message > 0 and tostring(e) == e.message, "no message")
end

-- f(...) raises an error with this text.
local function raises(text, f, ...)
  local ok, e = pcall(f, ...)
  assert(not ok, "no error was raised")
  assert(tostring(e):find(text, 1, true), ("%s does not contain %s"):format(tostring(e), text))
end

local function values(array, n)
  local list = {}
  for i = 0, n - 1 do list[i + 1] = tostring(tonumber(array[i])) end
  return table.concat(list, " ")
end

local bias = ffi.new("float[3]", { 0.5, 1.5, 2.5 })
local weight = ffi.new("float[12]", { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 })
local tensors = {
  bias = { dtype = "F32", shape = { 3 }, data = bias },
  weight = { dtype = "F32", shape = { 3, 4 }, data = weight },
}
local sample = assert(st.save_memory(tensors, { metadata = { format = "pt", [""] = "a\0b" } }))
local path = directory .. "/sample.safetensors"
assert(st.save(path, tensors, { metadata = { format = "pt", [""] = "a\0b" } }))

-- Reads the sample from the string.
local function reader(offset, nbytes) return sample:sub(offset + 1, offset + nbytes) end

local function read_all(name)
  local f = assert(io.open(name, "rb"))
  local content = f:read("*a")
  f:close()
  return content
end

test("every way to open a file", function()
  local opened = {
    path = function() return st.open(path) end,
    set = function() return st.open_set(directory) end,
    string = function() return st.open_memory(sample) end,
    array = function() return st.open_memory(ffi.new("uint8_t[?]", #sample, { sample:byte(1, -1) })) end,
    callback = function() return st.open_io(#sample, reader) end,
    pread = function() return st.open(path, { backend = "pread" }) end,
  }
  for name, open in pairs(opened) do
    local file = assert(open())
    collectgarbage()
    equal(file:count(), 2)
    equal(values(assert(file:tensor("weight")).data, 12), values(weight, 12))
    equal(values(assert(file:read("bias")), 3), "0.5 1.5 2.5")
    file:close()
    file:close()
  end
end)

ffi.cdef "int open(const char* path, int flags, ...); int close(int fd);"
test("a descriptor", function()
  local fd = ffi.C.open(path, 0)
  local file = assert(st.open_fd(fd))
  ffi.C.close(fd)
  equal(file:count(), 2)
end)

test("queries", function()
  local file = assert(st.open(path))
  local info = assert(file:info("weight"))
  equal(info.dtype, "F32")
  equal(table.concat(info.shape, ","), "3,4")
  equal(info.nbytes, 48)
  equal(info.file_offset, #sample - 48)
  local names = {}
  for entry in file:infos("file") do names[#names + 1] = entry.name end
  equal(table.concat(names, " "), "bias weight")
  equal(assert(file:tensor_at(1)).name, "weight")
  equal(file:has("bias"), true)
  equal(file:has("absent"), false)
  equal(file:size(), #sample)
  equal(file:data_offset(), #sample - 60)
  equal(file:is_mapped(), true)
  equal(assert(file:identity()).nbytes, #sample)
  equal(file:verify_unchanged(), true)
  equal(file:read_at(0, 8), sample:sub(1, 8))
  equal(assert(file:shards())[1].path, path)
  local location = assert(file:location("bias"))
  equal(location.path, path)
  equal(location.file_offset, #sample - 60)
  fails("ST_E_METADATA_NOT_FOUND", file:index_metadata())
  fails("ST_E_OUT_OF_RANGE", file:tensor_at(2))
  fails("ST_E_TENSOR_NOT_FOUND", file:info("absent"))
end)

test("replacement", function()
  local place = directory .. "/replaced.safetensors"
  assert(st.save(place, tensors))
  local file = assert(st.open(place))
  equal(file:is_replaced(), false)
  assert(st.save(place, tensors))
  equal(file:is_replaced(), true)
  assert(os.remove(place))
  equal(file:is_replaced(), false)
end)

test("prefetch", function()
  local file = assert(st.open(path))
  equal(file:prefetch(), true)
  equal(file:prefetch("weight"), true)
  equal(file:prefetch(8, #sample - 8), true)
  fails("ST_E_TENSOR_NOT_FOUND", file:prefetch("absent"))
  fails("ST_E_OUT_OF_RANGE", file:prefetch(8, #sample))
end)

test("metadata", function()
  local file = assert(st.open(path))
  local metadata = assert(file:metadata())
  equal(metadata.format, "pt")
  equal(metadata[""], "a\0b")
  equal(file:find_metadata("format"), "pt")
  equal(file:metadata_form(), "object")
  local offset, nbytes = file:metadata_range("format")
  equal(sample:sub(offset + 1, offset + nbytes), "pt")
  fails("ST_E_METADATA_NOT_FOUND", file:find_metadata("absent"))
end)

test("slices and buffers", function()
  local file = assert(st.open(path))
  equal(values(assert(file:read_slice("weight", { 0, 1 }, { 2, 3 })), 4), "1 2 5 6")
  local buffer = ffi.new("float[12]")
  equal(file:read("weight", buffer), buffer)
  equal(values(buffer, 12), values(weight, 12))
  fails("ST_E_BUFFER_TOO_SMALL", file:read("weight", bias))
  fails("ST_E_OUT_OF_RANGE", file:read_slice("weight", { 0, 1 }, { 4, 3 }))
  fails("ST_E_INVALID_ARGUMENT", file:read_slice("weight", { 0 }, { 2 }))
  raises("expected a string or an FFI array, got a pointer", file.read, file, "weight", ffi.cast("float*", buffer))
end)

test("tensors stay valid, and are read-only unless the file is writable", function()
  local file = assert(st.open(path))
  local data = assert(file:tensor("weight")).data
  file:close()
  file = nil
  for _ = 1, 5 do collectgarbage() end
  equal(data[11], 11)
  raises("constant", function() data[0] = 1 end)
  local writable = assert(assert(st.open(path, { writable = true })):tensor("weight"))
  writable.data[0] = 7
  equal(writable.data[0], 7)
  equal(read_all(path), sample)
end)

test("memory of a string is kept", function()
  local tensor = assert(assert(st.open_memory(sample .. "")):tensor("weight"))
  for _ = 1, 5 do collectgarbage() end
  equal(tensor.data[11], 11)
  equal(#tensor:bytes(), 48)
end)

test("use of a closed file", function()
  local file = assert(st.open(path))
  file:close()
  for _, method in ipairs { "count", "metadata", "shards", "infos" } do raises("closed", file[method], file) end
  raises("closed", file.tensor, file, "weight")
end)

test("errors", function()
  local value, e = st.open(path .. ".missing")
  fails("ST_E_NOT_FOUND", value, e)
  equal(e.code, st.code.not_found)
  equal(e.os_error, 2)
  equal(e.position, nil)
  value, e = st.open_memory("\2\0\0\0\0\0\0\0{]")
  fails("ST_E_JSON", value, e)
  equal(e.position, 9)
  raises("unknown option", st.open, path, { mapped = true })
  raises("invalid backend", st.open, path, { backend = "nfs" })
  raises("NUL", st.open, "a\0b")
  raises("expected a string", st.open, 5)
  fails("ST_E_DTYPE", st.dtype_bits("F33"))
  equal(st.dtype_bits("F4"), 4)
end)

test("options", function()
  fails("ST_E_HEADER_TOO_LARGE", st.open(path, { max_header_size = 16 }))
  local progress = {}
  local name = directory .. "/options"
  assert(st.save(name, tensors, {
    fsync = true, mode = tonumber("640", 8), alignment = 4096, metadata_form = "object",
    progress = function(done, total) progress = { done, total } end,
  }))
  local file = assert(st.open(name))
  equal(file:data_offset() % 4096, 0)
  equal(progress[1], file:size())
  equal(progress[2], file:size())
  fails("ST_E_INVALID_ARGUMENT", st.save(name, tensors, { alignment = 3 }))
end)

test("errors in callbacks", function()
  local thrown = { "an error object" }
  local function throw() error(thrown) end
  local fill = { dtype = "U8", shape = { 4 }, fill = throw }
  local calls = {
    read = function() return st.open_io(100, throw) end,
    fill = function() return st.save_memory { x = fill } end,
    write = function() return st.save_io(throw, tensors) end,
    progress = function() return st.save(directory .. "/absent", tensors, { progress = throw }) end,
    set = function() return assert(st.set_writer(directory .. "/absent set")):add("x", fill) end,
  }
  for name, f in pairs(calls) do
    local ok, e = pcall(f)
    equal(ok, false)
    equal(e, thrown)
  end
  equal(io.open(directory .. "/absent"), nil)
  raises("lost", st.open_io, 100, function() return nil, "lost" end)
  raises("returned 3 bytes: expected 8", st.open_io, 100, function() return "abc" end)
  raises("yield", coroutine.wrap(function() return st.open_io(100, coroutine.yield) end))
end)

test("callbacks that collect garbage and call the library", function()
  local file = assert(st.open_io(#sample, function(offset, nbytes)
    collectgarbage()
    assert(st.open_memory(sample))
    return reader(offset, nbytes)
  end))
  for _ = 1, 200 do equal(assert(file:read("bias"))[1], 1.5) end
  local metadata = {}
  for i = 1, 50 do metadata["key " .. i] = ("value "):rep(i) end
  local function fill()
    collectgarbage()
    return "abcd"
  end
  local function options()
    local copy = {}
    for key, value in pairs(metadata) do copy[key] = value .. "." end
    return { metadata = copy, progress = function() fill() end }
  end
  local function check(data)
    local saved = assert(st.open_memory(data))
    for key, value in pairs(metadata) do equal(saved:find_metadata(key), value .. ".") end
    equal(saved:tensor("x"):bytes(), "abcd")
  end
  local name, pieces = directory .. "/collected", {}
  local x = { x = { dtype = "U8", shape = { 4 }, fill = fill } }
  check(assert(st.save_memory(x, options())))
  assert(st.save(name, x, options()))
  check(read_all(name))
  assert(st.save_io(function(piece) pieces[#pieces + 1] = piece .. (fill() and "") end, x, options()))
  check(table.concat(pieces))
  assert(st.save_set(name .. " set", x, options()))
  check(read_all(name .. " set/model.safetensors"))
end)

test("callbacks that close or reuse the object that called them", function()
  for _, use in ipairs {
    function(file) equal(assert(file:read_at(0, 8)), sample:sub(1, 8)) end,
    function(file) equal(assert(file:tensor("bias")).data[1], 1.5) end,
    function(file) equal(assert(file:read_slice("weight", { 1, 1 }, { 3, 2 }))[1], 9) end,
    function(file) assert(file:metadata_range("format")) end,
  } do
    local file
    file = assert(st.open_io(#sample, function(offset, nbytes)
      if file then file:close() end
      collectgarbage()
      return reader(offset, nbytes)
    end))
    use(file)
    raises("closed", file.count, file)
  end
  local builder = assert(st.builder())
  builder:add("x", {
    dtype = "U8", shape = { 1 },
    fill = function() return builder:add("y", tensors.bias) and "a" end,
  })
  raises("cannot use the object that called it", builder.save_memory, builder)
end)

test("save", function()
  local builder = assert(st.builder())
  local array = ffi.new("float[3]", { 0.5, 1.5, 2.5 })
  assert(builder:add("bias", { dtype = "F32", shape = { 3 }, data = array }, true))
  array[0] = 9
  assert(builder:add("weight", { dtype = "F32", shape = { 3, 4 }, data = ffi.cast("float*", weight) }))
  assert(builder:add_metadata("format", "pt"))
  assert(builder:add_metadata("", "a\0b"))
  equal(builder:save_memory(), sample)
  equal(builder:save_size(), #sample)
  local pieces = {}
  assert(builder:save_io(function(piece) pieces[#pieces + 1] = piece end))
  equal(table.concat(pieces), sample)
  local file = assert(st.open(path))
  local copied, options = { bias = file:tensor("bias"), weight = file:tensor("weight") }, { metadata = file:metadata() }
  equal(st.save_memory(copied, options), sample)
  assert(st.save(path, copied, options))
  equal(read_all(path), sample)
  fails("ST_E_SIZE_MISMATCH", st.save_memory { x = { dtype = "F32", shape = { 2 }, data = "abc" } })
  fails("ST_E_DTYPE", st.save_memory { x = { dtype = "F33", shape = { 2 }, data = "abc" } })
  raises("invalid number of elements", st.save_memory, { x = { dtype = "F32", shape = { -1 }, data = "abc" } })
  local writer = assert(st.set_writer(directory .. "/nothing"))
  raises("needs data or fill", writer.add, writer, "x", { dtype = "F32", shape = { 1 } })
end)

test("writers", function()
  local name = directory .. "/written"
  local writer = assert(st.open_writer(name, { { name = "bias", dtype = "F32", shape = { 3 } },
    { name = "weight", dtype = "F32", shape = { 3, 4 } } }, { metadata = { format = "pt", [""] = "a\0b" } }))
  assert(writer:write(1, 0, weight))
  fails("ST_E_INCOMPLETE", writer:commit())
  assert(writer:write(0, 4, ffi.string(bias, 12):sub(5)))
  assert(writer:write(0, 0, ffi.string(bias, 4)))
  fails("ST_E_OUT_OF_RANGE", writer:write(2, 0, "a"))
  raises("got a pointer", writer.write, writer, 0, 0, ffi.cast("float*", bias))
  assert(writer:commit())
  writer:close()
  raises("closed", writer.commit, writer)
  equal(read_all(name), sample)
end)

test("sets", function()
  local model = directory .. "/model"
  local list = {}
  for i = 1, 3 do
    list[i] = { name = "layer." .. i, dtype = "U8", shape = { 100 }, data = ("%d"):format(i):rep(100) }
  end
  assert(st.save_set(model, list, { max_shard_size = 200, index_metadata = { a = "b" }, stem = "net" }))
  local set = assert(st.open_set(model))
  equal(#set:shards(), 2)
  equal(set:location("layer.3").shard, 1)
  assert(set:index_metadata():find('"a"', 1, true))

  local filled = {}
  local function add(writer, i)
    return writer:add("layer." .. i, { dtype = "U8", shape = { 100 }, fill = function(_, nbytes)
      filled[#filled + 1] = i
      return ("x"):rep(nbytes)
    end })
  end
  local options = { max_shard_size = 100, resume = true }
  local writer = assert(st.set_writer(directory .. "/resumed", options))
  for i = 1, 2 do assert(add(writer, i)) end
  writer:close()
  writer = assert(st.set_writer(directory .. "/resumed", options))
  equal(writer:has("layer.1"), true)
  equal(writer:has("layer.3"), false)
  for i = 1, 3 do assert(add(writer, i)) end
  assert(writer:commit())
  writer:close()
  equal(table.concat(filled, " "), "1 2 2 3")
  equal(assert(st.open_set(directory .. "/resumed")):count(), 3)
end)

test("edit", function()
  local name = directory .. "/edited"
  assert(st.save(name, tensors, { metadata = { format = "pt", old = "x" } }))
  local method = assert(st.edit(name, { metadata = { license = "mit" }, remove = { "old" }, rename = { bias = "b" } }))
  assert(method == "copy" or method == "clone", method)
  local file = assert(st.open(name))
  equal(file:has("b"), true)
  equal(file:find_metadata("license"), "mit")
  fails("ST_E_METADATA_NOT_FOUND", file:find_metadata("old"))
  equal(st.edit(name, { metadata = { license = "mit" } }), "unchanged")
  equal(st.edit(name, { metadata = { license = "mIt" }, in_place = true }), "overwrite")
  fails("ST_E_TENSOR_NOT_FOUND", st.edit(name, { rename = { absent = "x" } }))
end)

test("consolidate", function()
  os.execute(("mkdir '%s/parts'"):format(directory))
  for i = 0, 1 do
    local info = ('{"weight": {"saved_offsets": [%d, 0]}}'):format(i)
    assert(st.save(("%s/parts/shard-0000%d-model-00001-of-00001.safetensors"):format(directory, i),
      { weight = { dtype = "F32", shape = { 1, 4 }, data = ffi.string(weight + 4 * i, 16) } },
      { metadata = { DCP_SHARDING_INFO = info } }))
  end
  assert(st.consolidate(directory .. "/parts", directory .. "/joined", { metadata = { format = "pt" } }))
  local file = assert(st.open_set(directory .. "/joined"))
  equal(values(assert(file:tensor("weight")).data, 8), "0 1 2 3 4 5 6 7")
end)

test("compiled code may use the module", function()
  local file = assert(st.open_io(#sample, reader))
  local data, sum = assert(file:tensor("weight")).data, 0
  for _ = 1, 2000 do
    for i = 0, 11 do sum = sum + data[i] end
    if not file:has("bias") or file:read_at(0, 1) ~= sample:sub(1, 1) then error "wrong" end
  end
  equal(sum, 66 * 2000)
end)

test("every dtype", function()
  local bits = { BOOL = 8, F4 = 4, F6_E2M3 = 6, F6_E3M2 = 6, U8 = 8, I8 = 8, F8_E5M2 = 8, F8_E4M3 = 8, F8_E8M0 = 8,
    F8_E4M3FNUZ = 8, F8_E5M2FNUZ = 8, I16 = 16, U16 = 16, F16 = 16, BF16 = 16, I32 = 32, U32 = 32, F32 = 32, C64 = 64,
    F64 = 64, I64 = 64, U64 = 64 }
  for dtype, width in pairs(bits) do
    equal(st.dtype_bits(dtype), width)
    local data = ("abcdefgh"):rep(3)
    local saved = assert(st.save_memory { x = { dtype = dtype, shape = { #data * 8 / width }, data = data } })
    local tensor = assert(assert(st.open_memory(saved)):tensor("x"))
    equal(ffi.string(tensor.data, #data), data)
    equal(ffi.sizeof(tensor.ctype), math.max(1, math.floor(width / 8)))
  end
end)

print(("%d tests, %d failed"):format(count, failures))
os.exit(failures == 0 and 0 or 1, true)
