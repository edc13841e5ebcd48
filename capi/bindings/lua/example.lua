-- Reads a file, shows what it has, and writes another one: luajit example.lua INPUT OUTPUT

local ffi = require "ffi"
local st = require "safetensors"

local input, output = arg[1], arg[2]

local file = assert(st.open(input))
print(("%s: %d tensors"):format(input, file:count()))
for key, value in pairs(file:metadata()) do print(key .. " = " .. value) end
for info in file:infos() do
  print(("%s %s [%s] %d bytes"):format(info.name, info.dtype, table.concat(info.shape, ", "), info.nbytes))
end

local weight = assert(file:tensor("weight"))
local bias = assert(file:read("bias", ffi.new("float[3]")))
local slice = assert(file:read_slice("weight", { 0, 1 }, { 2, 3 }))
local _, absent = file:tensor("absent")
file:close()

-- "1 2 3" of n elements.
local function text(array, n)
  local values = {}
  for i = 0, n - 1 do values[i + 1] = ("%g"):format(array[i]) end
  return table.concat(values, " ")
end

local columns = weight.shape[2]
print(("weight[1][2] = %g"):format(weight.data[1 * columns + 2]))
print("bias = " .. text(bias, 3))
print("slice = " .. text(slice, 4))

local _, missing = st.open(input .. ".missing")
local _, too_large = st.open_memory(("x"):rep(16))
for _, e in ipairs { missing, too_large, absent } do print(e.name .. ": " .. e.message) end

local doubled = ffi.new("float[?]", 12)
for i = 0, 11 do doubled[i] = 2 * weight.data[i] end
assert(st.save(output, {
  bias = { dtype = "F32", shape = { 3 }, data = bias },
  doubled = { dtype = "F32", shape = { 3, 4 }, data = doubled },
}, { metadata = { format = "pt" } }))
print("wrote " .. output)
