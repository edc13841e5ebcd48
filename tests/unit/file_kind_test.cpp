#include "format/file_kind.h"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

using namespace st;
using namespace std::literals;

namespace {

std::string name_of(std::string_view start) {
  const FileKind* kind = recognize_file(start);
  return kind ? std::string(kind->name) : "unknown";
}

}  // namespace

TEST_CASE("other formats are recognized by their first bytes") {
  struct Case {
    std::string_view start;
    const char* name;
  };
  for (const Case& c : {
           Case{"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer"},
           Case{"# xet version 0\nfilesize = 1\n", "a Git Xet pointer"},
           Case{"<!DOCTYPE html>\n<html>", "an HTML page"},
           Case{"\n <HTML lang=en>", "an HTML page"},
           Case{"\xEF\xBB\xBF<head>", "an HTML page"},
           Case{"<?xml version=\"1.0\"?><Error><Code>AccessDenied", "an XML document"},
           Case{"PK\3\4\0\0\x08\x08\0\0archive/data.pkl"sv, "a PyTorch checkpoint (zip)"},
           Case{"PK\3\4\x14\0\0\0\0\0arr_0.npy"sv, "an NPZ archive"},
           Case{"PK\3\4\x14\0\0\0\0\0readme.txt"sv, "a zip archive"},
           Case{"PK\5\6\0\0\0\0\0\0"sv, "a zip archive"},
           Case{"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19", "a pickle"},
           Case{"\x80\x05\x95\x0b\0\0\0"sv, "a pickle"},
           Case{"GGUF\3\0\0\0"sv, "a GGUF file"},
           Case{"\x93NUMPY\1\0v\0{'descr'"sv, "an NPY file"},
           Case{"\x89HDF\r\n\x1a\n\0\0"sv, "an HDF5 file"},
           Case{"\x1f\x8b\x08\0"sv, "a gzip file"},
           Case{"\x28\xb5\x2f\xfd\x24", "a zstd file"},
           Case{"\xfd"
                "7zXZ\0\0"sv,
                "an xz file"},
           Case{"BZh91AY&SY", "a bzip2 file"},
           Case{"7z\xbc\xaf\x27\x1c\0\4"sv, "a 7-Zip archive"},
           Case{"{\n  \"metadata\": {\n    \"total_size\": 1", "a JSON index of shards"},
           Case{"{\"weight_map\":{\"a\":", "a JSON index of shards"},
           Case{"{\"architectures\": [", "a JSON file"},
           Case{"\0\0\0\0\0\0\0\0"sv, "filled with NUL bytes"},
           Case{"\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv, "filled with NUL bytes"},
       }) {
    CAPTURE(c.name);
    CHECK(name_of(c.start) == c.name);
    CHECK(recognize_file(c.start)->remedy.size() > 5);
  }
}

TEST_CASE("bytes of no known format are not given one") {
  for (const std::string_view start :
       {"\x40\0\0\0\0\0\0\0{\"__metadata__\":{"sv, "\x40\0\0\0\0\0\0\0"sv, ""sv, "P"sv, "\x80"sv,
        "\x80\x06\x95"sv, "Entry not found"sv, "ver"sv, "version 1"sv, "   "sv,
        "\0\0\0\0\0\0\1\0"sv}) {
    CAPTURE(start);
    CHECK(name_of(start) == "unknown");
  }
}

TEST_CASE("a text that is cut anywhere is not read beyond its end") {
  const std::string page = "\xEF\xBB\xBF \n<!DOCTYPE html>";
  for (std::size_t size = 0; size <= page.size(); ++size)
    CHECK((name_of(std::string(page, 0, size)) == "an HTML page") == (size >= page.size() - 1));
}
