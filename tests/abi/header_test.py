#!/usr/bin/env python3
"""Each C header compiles without warnings in every standard from C99 and C++11 on, included first and twice.

Usage: header_test.py INCLUDE_DIRECTORY COMPILER...
"""

import itertools
import pathlib
import shutil
import subprocess
import sys
import tempfile

STANDARDS = {
    "c": ["c99", "c11", "c17", "gnu99"],
    "c++": ["c++11", "c++14", "c++17", "c++20"],
}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual", "-Werror"]
LANGUAGE_WARNINGS = {
    "c": ["-Wstrict-prototypes", "-Wmissing-prototypes", "-Wc++-compat"],
    "c++": ["-Wold-style-cast"],
}
SAFETENSORS = """#include <safetensors/safetensors.h>
#include <safetensors/safetensors.h>
extern st_status use(const char* path);
st_status use(const char* path) {
  st_error error = ST_ERROR_INIT;
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  st_save_options save_options = ST_SAVE_OPTIONS_INIT;
  st_io io = ST_IO_INIT;
  st_identity identity = ST_IDENTITY_INIT;
  st_shard shard = ST_SHARD_INIT;
  st_location location = ST_LOCATION_INIT;
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_edit edit = ST_EDIT_INIT;
  st_file* file;
  (void)info, (void)entry, (void)io, (void)identity, (void)shard, (void)location, (void)edit;
  if (st_open(path, &options, &file, &error) != ST_OK) return error.code;
  st_close(file);
  return st_save_set(path, &tensor, 1, &set, &save_options, &error);
}
"""
DLPACK = """#include <safetensors/dlpack.h>
#include <safetensors/dlpack.h>
extern st_status use(st_tensor* tensor, struct DLManagedTensorVersioned** managed);
st_status use(st_tensor* tensor, struct DLManagedTensorVersioned** managed) {
  return st_tensor_to_dlpack(tensor, managed, NULL);
}
"""


def main():
    include, *compilers = sys.argv[1:]
    compilers = [compiler for compiler in compilers if shutil.which(compiler)]
    failures = compilations = 0
    with tempfile.TemporaryDirectory(dir=".") as directory:
        for language, standards in STANDARDS.items():
            for name, program in {"safetensors": SAFETENSORS, "dlpack": DLPACK}.items():
                source = pathlib.Path(directory, f"{name}.{'c' if language == 'c' else 'cpp'}")
                source.write_text(program)
                for compiler, standard in itertools.product(compilers, standards):
                    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS, *LANGUAGE_WARNINGS[language],
                               f"-I{include}", "-fsyntax-only", str(source)]  # fmt: skip
                    compilations += 1
                    result = subprocess.run(command, capture_output=True, text=True)
                    if result.returncode != 0:
                        failures += 1
                        print(f"{' '.join(command)}\n{result.stderr}")
    print(f"{compilations} compilations by {', '.join(compilers)}, {failures} failed")
    return 1 if failures or not compilations else 0


if __name__ == "__main__":
    sys.exit(main())
