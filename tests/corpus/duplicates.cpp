// Duplicate names and keys. The reference keeps the last one; this library rejects the file, after
// all errors that the reference reports.
#include "input.h"

namespace corpus {
namespace {

std::string typed(std::string_view name, std::string_view dtype) {
  return member({.name = std::string(name),
                 .dtype = "\"" + std::string(dtype) + "\"",
                 .shape = "[4]",
                 .offsets = "[0,4]"});
}

std::string twice(std::string_view first, std::string_view second) {
  return file(header({typed(first, "I8"), typed(second, "U8")}), 4);
}

std::string with_metadata(std::string_view metadata) {
  return file("{\"__metadata__\":" + std::string(metadata) + "," + member({}) + "}", entry_size);
}

}  // namespace

Inputs duplicate_inputs() {
  const std::string good = typed("\"w\"", "U8");
  return {
      refused_here("one entry twice", file(header({good, good}), 4), ST_E_DUPLICATE),
      refused_here("one entry three times", file(header({good, good, good}), 4), ST_E_DUPLICATE),
      refused_here("one name, two dtypes", twice("\"w\"", "\"w\""), ST_E_DUPLICATE),
      refused_here("one name with an escape", twice("\"w\"", "\"\\u0077\""), ST_E_DUPLICATE),
      refused_here("one name, escaped first", twice("\"\\u0077\"", "\"w\""), ST_E_DUPLICATE),
      refused_here("one name in two escapes", twice("\"\\u00e9\"", "\"\\u00E9\""), ST_E_DUPLICATE),
      refused_here("a slash and an escaped slash", twice("\"a/b\"", "\"a\\/b\""), ST_E_DUPLICATE),
      refused_here("a tab and an escaped tab", twice("\"\\t\"", "\"\\u0009\""), ST_E_DUPLICATE),
      refused_here("a character and its surrogate pair",
                   twice("\"\xF0\x9F\x98\x80\"", "\"\\uD83D\\uDE00\""), ST_E_DUPLICATE),
      refused_here("two empty names", twice("\"\"", "\"\""), ST_E_DUPLICATE),
      refused_here("two names with NULs", twice("\"a\\u0000b\"", "\"a\\u0000b\""), ST_E_DUPLICATE),
      refused_here("a pair far apart",
                   file(header({typed("\"w\"", "I8"), bytes_member("a", 4, 5),
                                bytes_member("b", 5, 6), typed("\"w\"", "U8")}),
                        6),
                   ST_E_DUPLICATE),
      refused_here("the last of a pair is the whole file",
                   file(header({bytes_member("w", 0, 2), bytes_member("w", 0, 4)}), 4),
                   ST_E_DUPLICATE),
      refused_here("the first of a pair is impossible",
                   file(header({bytes_member("w", 70, 2000), bytes_member("w", 0, 4)}), 4),
                   ST_E_DUPLICATE),
      refused_here(
          "the first of a pair has a size too large",
          file(header({member({.dtype = "\"U64\"", .shape = "[18446744073709551615]"}), good}), 4),
          ST_E_DUPLICATE),
      refused_here("two pairs",
                   file(header({good, good, bytes_member("v", 4, 6), bytes_member("v", 4, 6)}), 6),
                   ST_E_DUPLICATE),
      refused("a pair of which the last is the rest of the file",
              file(header({bytes_member("w", 0, 2), bytes_member("w", 2, 4)}), 4), ST_E_OFFSET),
      refused("a pair of which the last leaves bytes over",
              file(header({bytes_member("w", 0, 4), bytes_member("w", 0, 2)}), 4), ST_E_COVERAGE),
      refused("a pair of which the last has another size",
              file(header({good, typed("\"w\"", "U16")}), 4), ST_E_SIZE_MISMATCH),
      refused(
          "a pair of which the last is not whole bytes",
          file(header({good, member({.dtype = "\"F4\"", .shape = "[7]", .offsets = "[0,4]"})}), 4),
          ST_E_SUBBYTE),
      refused("a pair of which the last is too large",
              file(header({good, member({.dtype = "\"U64\"",
                                         .shape = "[18446744073709551615]",
                                         .offsets = "[0,4]"})}),
                   4),
              ST_E_OVERFLOW),
      refused("a pair of which the last is null", file(header({good, "\"w\":null"}), 4),
              ST_E_SCHEMA),
      refused("a pair of which the first is null", file(header({"\"w\":null", good}), 4),
              ST_E_SCHEMA),
      refused("a pair of which the first has no shape",
              file(header({"\"w\":{\"dtype\":\"U8\",\"data_offsets\":[0,4]}", good}), 4),
              ST_E_SCHEMA),
      refused("a pair before something wrong",
              file(header({good, good, bytes_member("v", 5, 6)}), 6), ST_E_OFFSET),

      // Not equal, however alike.
      valid("composed and decomposed",
            file(header({bytes_member("\xC3\xA9", 0, 3), bytes_member("e\xCC\x81", 3, 5)}), 5)),
      valid("large and small letters",
            file(header({bytes_member("w", 0, 3), bytes_member("W", 3, 5)}), 5)),
      valid("with and without a NUL at the end",
            file(header({bytes_member("w", 0, 3), bytes_member("w\\u0000", 3, 5)}), 5)),
      valid("with and without a space at the end",
            file(header({bytes_member("w", 0, 3), bytes_member("w ", 3, 5)}), 5)),
      valid("one the start of the other",
            file(header({bytes_member("layer.10", 0, 3), bytes_member("layer.1", 3, 5)}), 5)),
      valid("a Latin and a Cyrillic letter",
            file(header({bytes_member("a", 0, 3), bytes_member("\xD0\xB0", 3, 5)}), 5)),
      valid("a backslash and u, and what it could be read as",
            file(header({bytes_member("w", 0, 3), bytes_member("\\\\u0077", 3, 5)}), 5)),

      // Metadata.
      refused_here("one key twice", with_metadata("{\"k\":\"1\",\"k\":\"2\"}"), ST_E_DUPLICATE),
      refused_here("one key twice, one value", with_metadata("{\"k\":\"1\",\"k\":\"1\"}"),
                   ST_E_DUPLICATE),
      refused_here("one key with an escape", with_metadata("{\"k\":\"1\",\"\\u006b\":\"2\"}"),
                   ST_E_DUPLICATE),
      refused_here("one key far apart",
                   with_metadata("{\"k\":\"1\",\"a\":\"\",\"z\":\"\",\"k\":\"2\"}"),
                   ST_E_DUPLICATE),
      refused_here("an empty key twice", with_metadata("{\"\":\"1\",\"\":\"2\"}"), ST_E_DUPLICATE),
      refused_here("a key twice and no tensor",
                   file("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}"), ST_E_DUPLICATE),
      refused("one key twice, once null", with_metadata("{\"k\":null,\"k\":\"2\"}"), ST_E_SCHEMA),
      refused(
          "one key twice before a tensor that is wrong",
          file("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}," + member({}) + "}", entry_size + 1),
          ST_E_COVERAGE),
      refused("metadata twice", with_metadata("{\"k\":\"1\"},\"__metadata__\":{\"l\":\"2\"}"),
              ST_E_SCHEMA),
      refused("empty metadata twice", with_metadata("{},\"__metadata__\":{}"), ST_E_SCHEMA),
      refused("metadata twice, once null", with_metadata("null,\"__metadata__\":{}"), ST_E_SCHEMA),
      refused("metadata twice, null last", with_metadata("{},\"__metadata__\":null"), ST_E_SCHEMA),
      refused("metadata twice, both null", with_metadata("null,\"__metadata__\":null"),
              ST_E_SCHEMA),
      refused("metadata twice, once escaped",
              with_metadata("{\"k\":\"1\"},\"__metadat\\u0061__\":{\"k\":\"2\"}"), ST_E_SCHEMA),
      refused("metadata first and last",
              file("{\"__metadata__\":{}," + member({}) + ",\"__metadata__\":{}}", entry_size),
              ST_E_SCHEMA),
      valid("a key that is a tensor's name", with_metadata("{\"w\":\"1\"}")),
      valid("equal values", with_metadata("{\"k\":\"1\",\"l\":\"1\"}")),
  };
}

}  // namespace corpus
