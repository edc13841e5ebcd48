// __metadata__: an object of strings, or null.
#include "input.h"

namespace corpus {
namespace {

std::string beside_a_tensor(std::string_view metadata) {
  return file("{\"__metadata__\":" + std::string(metadata) + "," + member({}) + "}", entry_size);
}

std::string value(std::string_view json) {
  return beside_a_tensor("{\"k\":" + std::string(json) + "}");
}

std::string keyed(std::string_view key) {
  return file("{\"" + std::string(key) + "\":{\"k\":\"v\"}," + member({}) + "}", entry_size);
}

std::string of_entries(std::size_t count) {
  std::vector<std::string> entries;
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back("\"k" + std::to_string(count - i) + "\":\"" + std::to_string(i) + "\"");
  }
  return beside_a_tensor(header(entries));
}

}  // namespace

Inputs metadata_inputs() {
  return {
      valid("one entry", beside_a_tensor("{\"format\":\"pt\"}")),
      valid("no entry", beside_a_tensor("{}")),
      valid("1,000 entries", of_entries(1000)),
      valid("metadata last",
            file("{" + member({}) + ",\"__metadata__\":{\"k\":\"v\"}}", entry_size)),
      valid("metadata between tensors",
            file("{" + bytes_member("a", 0, 3) + ",\"__metadata__\":{\"k\":\"v\"}," +
                     bytes_member("b", 3, 5) + "}",
                 5)),
      valid("metadata alone", file("{\"__metadata__\":{\"k\":\"v\"}}")),
      valid("empty metadata alone", file("{\"__metadata__\":{}}")),
      valid("an empty key and an empty value", beside_a_tensor("{\"\":\"\"}")),
      valid("a key called __metadata__", beside_a_tensor("{\"__metadata__\":\"v\"}")),
      valid("an entry like a tensor's, all of strings",
            file("{\"__metadata__\":{\"dtype\":\"I16\",\"shape\":\"[3,2]\",\"data_offsets\":\"[0,"
                 "12]\"}}")),
      valid("JSON in a value", value("\"{\\\"a\\\":[1,null]}\"")),
      valid("a value of 100,000 characters", value("\"" + std::string(100'000, 'v') + "\"")),
      valid("a key of 100,000 characters",
            beside_a_tensor("{\"" + std::string(100'000, 'k') + "\":\"\"}")),
      valid("a value of 10,000 escapes", value("\"" + repeated("\\u00e9\\n", 5000) + "\"")),
      loose("null", beside_a_tensor("null")),
      loose("null alone", file("{\"__metadata__\":null}")),

      // The key __metadata__.
      valid("the name with an escape", keyed("__metadat\\u0061__")),
      valid("the name all in escapes", keyed("\\u005f\\u005f\\u006d\\u0065\\u0074\\u0061\\u0064\\u0"
                                             "061\\u0074\\u0061\\u005f\\u005f")),
      refused("__METADATA__", keyed("__METADATA__"), ST_E_SCHEMA),
      refused("__Metadata__", keyed("__Metadata__"), ST_E_SCHEMA),
      refused("_metadata_", keyed("_metadata_"), ST_E_SCHEMA),
      refused("__metadata", keyed("__metadata"), ST_E_SCHEMA),
      refused("metadata", keyed("metadata"), ST_E_SCHEMA),
      refused("__metadata__ and a space", keyed("__metadata__ "), ST_E_SCHEMA),
      refused("__metadata__ and a NUL", keyed("__metadata__\\u0000"), ST_E_SCHEMA),

      // Other types than an object of strings.
      refused("an array", beside_a_tensor("[]"), ST_E_SCHEMA),
      refused("an array of pairs", beside_a_tensor("[[\"k\",\"v\"]]"), ST_E_SCHEMA),
      refused("an array of strings", beside_a_tensor("[\"k\",\"v\"]"), ST_E_SCHEMA),
      refused("a string", beside_a_tensor("\"k\""), ST_E_SCHEMA),
      refused("an empty string", beside_a_tensor("\"\""), ST_E_SCHEMA),
      refused("a number", beside_a_tensor("0"), ST_E_SCHEMA),
      refused("true", beside_a_tensor("true"), ST_E_SCHEMA),
      refused("false", beside_a_tensor("false"), ST_E_SCHEMA),
      refused("a value that is an integer", value("1"), ST_E_SCHEMA),
      refused("a value that is a float", value("0.5"), ST_E_SCHEMA),
      refused("a value that is true", value("true"), ST_E_SCHEMA),
      refused("a value that is null", value("null"), ST_E_SCHEMA),
      refused("a value that is an empty array", value("[]"), ST_E_SCHEMA),
      refused("a value that is an array of strings", value("[\"v\"]"), ST_E_SCHEMA),
      refused("a value that is an empty object", value("{}"), ST_E_SCHEMA),
      refused("a value that is an object", value("{\"a\":\"b\"}"), ST_E_SCHEMA),
      refused("a value that nests without end", value(repeated("[", 2000)), ST_E_JSON),
      refused("a last value that is a number", beside_a_tensor("{\"k\":\"v\",\"l\":1}"),
              ST_E_SCHEMA),
      refused("a tensor's entry",
              file("{\"__metadata__\":{\"dtype\":\"U8\",\"shape\":[2],"
                   "\"data_offsets\":[0,2]}}",
                   2),
              ST_E_SCHEMA),
      refused("metadata and data, but no tensor", file("{\"__metadata__\":{\"k\":\"v\"}}", 3),
              ST_E_COVERAGE),
  };
}

}  // namespace corpus
