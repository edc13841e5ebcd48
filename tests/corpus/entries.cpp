// The fields of a tensor entry.
#include "input.h"

namespace corpus {
namespace {

std::string entry(std::string_view value) {
  return file("{\"w\":" + std::string(value) + "}", entry_size);
}

std::string before(std::string_view field) {
  return one({.before = std::string(field) + ","});
}
std::string after(std::string_view field) {
  return one({.after = "," + std::string(field)});
}

const std::string dtype = "\"dtype\":\"I16\"";
const std::string shape = "\"shape\":[3,2]";
const std::string offsets = "\"data_offsets\":[0,12]";

std::string of_fields(const std::vector<std::string>& fields) {
  return entry(header(fields));
}

}  // namespace

Inputs entry_inputs() {
  return {
      // In any order, each once.
      valid("dtype, shape, offsets", of_fields({dtype, shape, offsets})),
      valid("dtype, offsets, shape", of_fields({dtype, offsets, shape})),
      valid("shape, dtype, offsets", of_fields({shape, dtype, offsets})),
      valid("shape, offsets, dtype", of_fields({shape, offsets, dtype})),
      valid("offsets, dtype, shape", of_fields({offsets, dtype, shape})),
      valid("offsets, shape, dtype", of_fields({offsets, shape, dtype})),
      refused("no dtype", of_fields({shape, offsets}), ST_E_SCHEMA),
      refused("no shape", of_fields({dtype, offsets}), ST_E_SCHEMA),
      refused("no offsets", of_fields({dtype, shape}), ST_E_SCHEMA),
      refused("nothing but a dtype", of_fields({dtype}), ST_E_SCHEMA),
      refused("no fields", of_fields({}), ST_E_SCHEMA),
      refused("no fields that are known", of_fields({"\"note\":1"}), ST_E_SCHEMA),

      // A field twice, whichever spelling.
      refused("two equal dtypes", before(dtype), ST_E_SCHEMA),
      refused("two equal shapes", before(shape), ST_E_SCHEMA),
      refused("two equal offsets", before(offsets), ST_E_SCHEMA),
      refused("a second dtype at the end", after("\"dtype\":\"F16\""), ST_E_SCHEMA),
      refused("a second shape at the end", after("\"shape\":[6]"), ST_E_SCHEMA),
      refused("second offsets at the end", after("\"data_offsets\":[0,0]"), ST_E_SCHEMA),
      refused("a second dtype of null", after("\"dtype\":null"), ST_E_SCHEMA),
      refused("a first dtype of null", before("\"dtype\":null"), ST_E_SCHEMA),
      refused("a first shape of null", before("\"shape\":null"), ST_E_SCHEMA),
      refused("a second dtype with an escape", after("\"dty\\u0070e\":\"I16\""), ST_E_SCHEMA),
      refused("a second shape with an escape", after("\"\\u0073hape\":[3,2]"), ST_E_SCHEMA),
      refused("second offsets with an escape", after("\"data\\u005foffsets\":[0,12]"), ST_E_SCHEMA),

      // Escapes in the fields' names.
      valid("dtype with an escape", of_fields({"\"d\\u0074ype\":\"I16\"", shape, offsets})),
      valid("shape all in escapes",
            of_fields({dtype, "\"\\u0073\\u0068\\u0061\\u0070\\u0065\":[3,2]", offsets})),
      valid("data_offsets with an escape",
            of_fields({dtype, shape, "\"data\\u005Foffsets\":[0,12]"})),

      // Names that resemble a field name are unknown.
      refused("Dtype", of_fields({"\"Dtype\":\"I16\"", shape, offsets}), ST_E_SCHEMA),
      refused("DTYPE", of_fields({"\"DTYPE\":\"I16\"", shape, offsets}), ST_E_SCHEMA),
      refused("type", of_fields({"\"type\":\"I16\"", shape, offsets}), ST_E_SCHEMA),
      refused("dtype and a space", of_fields({"\"dtype \":\"I16\"", shape, offsets}), ST_E_SCHEMA),
      refused("dtype and a NUL", of_fields({"\"dtype\\u0000\":\"I16\"", shape, offsets}),
              ST_E_SCHEMA),
      refused("dims", of_fields({dtype, "\"dims\":[3,2]", offsets}), ST_E_SCHEMA),
      refused("offsets", of_fields({dtype, shape, "\"offsets\":[0,12]"}), ST_E_SCHEMA),
      refused("dataOffsets", of_fields({dtype, shape, "\"dataOffsets\":[0,12]"}), ST_E_SCHEMA),
      refused("data-offsets", of_fields({dtype, shape, "\"data-offsets\":[0,12]"}), ST_E_SCHEMA),
      refused("data_offset", of_fields({dtype, shape, "\"data_offset\":[0,12]"}), ST_E_SCHEMA),

      // Unknown fields are ignored.
      loose("an unknown field first", before("\"note\":1")),
      loose("an unknown field last", after("\"note\":\"x\"")),
      loose("an unknown field twice", before("\"note\":1,\"note\":1")),
      loose("many unknown fields", before(repeated("\"note\":[],", 500) + "\"note\":{}")),
      loose("an unknown field of null", after("\"note\":null")),
      loose("a known name one level deeper", before("\"note\":{\"dtype\":\"F32\",\"shape\":3}")),
      loose("metadata inside an entry", before("\"__metadata__\":{\"a\":\"b\"}")),
      loose("metadata of another form inside an entry", after("\"__metadata__\":[1]")),
      loose("how the array was laid out elsewhere",
            after("\"order\":\"F\",\"fortran_order\":false")),
      loose("a field of another version", after("\"strides\":[4,2]")),

      // Other types than an object.
      refused("an entry of null", entry("null"), ST_E_SCHEMA),
      refused("an entry that is true", entry("true"), ST_E_SCHEMA),
      refused("an entry that is a number", entry("12"), ST_E_SCHEMA),
      refused("an entry that is a string", entry("\"I16\""), ST_E_SCHEMA),
      refused("an entry that is an empty array", entry("[]"), ST_E_SCHEMA),
      refused("an entry of one value", entry("[\"I16\"]"), ST_E_SCHEMA),
      refused("an entry of two values", entry("[\"I16\",[3,2]]"), ST_E_SCHEMA),
      refused("an entry of four values", entry("[\"I16\",[3,2],[0,12],null]"), ST_E_SCHEMA),
      refused("an entry of three values in another order", entry("[[3,2],\"I16\",[0,12]]"),
              ST_E_SCHEMA),
      refused("an entry in an array", entry("[" + header({dtype, shape, offsets}) + "]"),
              ST_E_SCHEMA),
      refused("a header of fields and no tensor", file(header({dtype, shape, offsets}), entry_size),
              ST_E_SCHEMA),

      // The reference also accepts the fields as an array.
      refused_here("an entry of three values", entry("[\"I16\",[3,2],[0,12]]"), ST_E_SCHEMA),
      refused_here("three values beside an entry",
                   file(header({bytes_member("a", 0, 3), "\"b\":[\"U8\",[2],[3,5]]"}), 5),
                   ST_E_SCHEMA),
  };
}

}  // namespace corpus
