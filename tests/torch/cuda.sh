#!/usr/bin/env bash
# Builds the library and the device tests, and runs them on an accelerator:
#
#   bash tests/torch/cuda.sh [DEVICE]
#
# DEVICE is cuda (the default) or another device type of LibTorch; fake is the fake accelerator of the tests,
# which tests this script on any machine.
#
# Needs a GPU, g++ 12 or newer and a python3 with torch 2.11 or newer (2.8 for the fake), but no network, Meson
# or Ninja. The sources of simdjson and Catch2 must be in subprojects/: "python3 subprojects/fetch.py" and
# tests/run.sh download them.
#
#   PYTHON         the Python interpreter with torch (python3)
#   CXX            the compiler (g++)
#   ST_BUILD_DIR   the build folder (build/ in the source tree)

set -euo pipefail

device=${1:-cuda}
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${ST_BUILD_DIR:-$source_dir/build}/cuda
cxx=${CXX:-g++}
mkdir -p "$build/objects"
build=$(cd "$build" && pwd)

say() { printf '%s\n' "== $*"; }

stop() {
  printf '%s\n' "$@" >&2
  exit 1
}

# --- requirements --------------------------------------------------------------------------------

command -v "$cxx" >/dev/null || stop "No compiler: $cxx."
found=$("${PYTHON:-python3}" -c 'import pathlib, torch
print(torch.__version__, pathlib.Path(torch.__file__).resolve().parent)') ||
  stop "${PYTHON:-python3} has no torch: name one that has with PYTHON=."
read -r torch_version torch <<<"$found"
oldest=2.11
[[ $device == fake ]] && oldest=2.8
[[ $(printf '%s\n' "$oldest" "${torch_version%%+*}" | sort -V | head -n 1) == "$oldest" ]] ||
  stop "LibTorch $torch_version in $torch is too old: $oldest or newer is needed."
say "LibTorch $torch_version in $torch"
if [[ $device == cuda* ]] &&
  ! "${PYTHON:-python3}" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
  stop "LibTorch found no GPU. \"bash tests/torch/cuda.sh fake\" runs the tests without one."
fi

# Prints the directory of the sources of a subproject, as its wrap file names it; unpacks them if needed.
subproject() {
  local wrap=$source_dir/subprojects/$1.wrap directory archive
  directory=$(sed -n 's/^directory = //p' "$wrap")
  archive=$source_dir/subprojects/packagecache/$(sed -n 's/^source_filename = //p' "$wrap")
  [[ -d $source_dir/subprojects/$directory ]] && echo "$source_dir/subprojects/$directory" && return
  [[ -d $build/$directory || -f $archive ]] ||
    stop "The sources of $1 are missing in $source_dir/subprojects." \
      "Run this on a machine with a network, and copy the directory:" \
      "    python3 subprojects/fetch.py"
  [[ -d $build/$directory ]] || tar -xzf "$archive" -C "$build"
  echo "$build/$directory"
}
simdjson=$(subproject safetensors-simdjson)
catch2=$(subproject catch2)

# The tests include the header names of Catch2; its amalgamation has a single header.
for header in $(cat "$source_dir"/tests/torch/{device/*.cpp,*.h} | sed -n 's/^#include <\(catch2\/.*\)>$/\1/p' | sort -u); do
  mkdir -p "$build/include/$(dirname "$header")"
  echo '#include <catch_amalgamated.hpp>' >"$build/include/$header"
done

# --- build ----------------------------------------------------------------------------------------

warnings=(-Wall -Wextra -Wpedantic -Wconversion)
common=(-O2 -fPIC -pthread "-I$source_dir/include")
with_torch=(-std=c++20 "${warnings[@]}" "${common[@]}" "-I$source_dir/cpp"
  -isystem "$torch/include" -isystem "$torch/include/torch/csrc/api/include")

# One line per object: its path, and its compile command.
plan=$build/plan
: >"$plan"

# compile SOURCE OPTION...: into objects/, under its path with "-" for "/"
compile() {
  local object=${1#"$source_dir/"}
  object=${object#"$simdjson/"}
  object=${object#"$catch2/"}
  object=$build/objects/${object//\//-}.o
  printf '%q ' "$object" "$cxx" "${@:2}" -c "$1" -o "$object" >>"$plan"
  printf '\n' >>"$plan"
}

for source in $(find "$source_dir"/{src,capi} -name "*.cpp"); do
  compile "$source" -std=c++20 "${warnings[@]}" "${common[@]}" -fvisibility=hidden \
    "-I$source_dir/src" -isystem "$simdjson/singleheader"
done
compile "$simdjson/singleheader/simdjson.cpp" -std=c++17 -w "${common[@]}" -fvisibility=hidden
for source in $(find "$source_dir/cpp" -name "*.cpp" -not -path "*/examples/*"); do
  compile "$source" "${with_torch[@]}" -fvisibility=hidden
done
for source in "$source_dir"/tests/torch/device/*.cpp; do
  compile "$source" "${with_torch[@]}" "-I$source_dir/tests/torch/device" "-I$source_dir/tests/torch" \
    "-I$source_dir/tests/support" \
    -isystem "$build/include" -isystem "$catch2/extras"
done
compile "$source_dir/tests/support/scratch.c" -x c "${common[@]}" -D_GNU_SOURCE
compile "$catch2/extras/catch_amalgamated.cpp" -std=c++20 -w "${common[@]}" "-I$catch2/extras"

# Compiles an object again if a file in the source tree or its compile command is newer.
newest=$(find "$source_dir"/{include,src,capi,cpp,tests/torch,tests/support} "${BASH_SOURCE[0]}" -type f -printf '%T@ %p\n' |
  sort -n | tail -n 1 | cut -d ' ' -f 2-)
compile_line() {
  local -a words
  eval "words=($1)"
  [[ ${words[0]} -nt $2 ]] || "${words[@]:1}"
}
export -f compile_line
say "compiling $(wc -l <"$plan") files with $cxx"
xargs -a "$plan" -d '\n' -P "$(nproc)" -I '{}' bash -c 'compile_line "$1" "$2"' _ '{}' "$newest" ||
  stop "The compilation failed (see above)."

say "linking"
# Not libtorch.so: in the CUDA wheels it exports its own std::filesystem, which crashes.
torch_libraries=("-L$torch/lib" "-Wl,-rpath,$torch/lib" -ltorch_cpu -lc10)
"$cxx" -shared -o "$build/libsafetensors.so" "$build"/objects/{src,capi,singleheader}-*.o -pthread -Wl,-Bsymbolic \
  "-Wl,--version-script,$source_dir/capi/safetensors.map"
"$cxx" -shared -o "$build/libsafetensors-torch.so" "$build"/objects/cpp-*.o "-L$build" -lsafetensors -Wl,-rpath,'$ORIGIN' \
  "-Wl,--version-script,$source_dir/cpp/safetensors-torch.map" "${torch_libraries[@]}"

# The CUDA backend registers itself when it is loaded; no symbol refers to it.
[[ -e $torch/lib/libtorch_cuda.so ]] &&
  torch_libraries+=(-Wl,--push-state,--no-as-needed -ltorch_cuda -lc10_cuda -Wl,--pop-state)

# link_test PROGRAM OBJECT_OR_LIBRARY...
link_test() {
  "$cxx" -o "$build/$1" "${@:2}" "$build"/objects/tests-torch-device-{fake_{device,guard,host_memory,kernels,memory,stream,work},random_tensors,test_device}.cpp.o \
    "$build"/objects/{tests-support-scratch.c,extras-catch_amalgamated.cpp}.o \
    "-L$build" -Wl,-rpath,"$build" -lsafetensors "${torch_libraries[@]}" -Wl,--allow-shlib-undefined -pthread
}
for name in file model; do
  link_test "device_${name}_test" "$build/objects/tests-torch-device-device_${name}_test.cpp.o" "-L$build" -lsafetensors-torch
done
# Internal symbols are hidden in the library, so their objects are linked again.
link_test device_test "$build"/objects/tests-torch-device-{device_{failure,load,memory,order,overlap,reader,stress}_test,fake_device_test,read_plan_test,sample_file}.cpp.o \
  "$build"/objects/cpp-{tensor-byte_view,device-{copy_stream,device_load,device_reader,device_streams,pinned_ring,read_ahead,read_plan}}.cpp.o

# --- run ------------------------------------------------------------------------------------------

for program in device_test device_file_test device_model_test; do
  say "$program on the fake accelerator"
  SAFETENSORS_TEST_DEVICE=fake "$build/$program"
  if [[ $device != fake ]]; then
    say "$program on $device"
    SAFETENSORS_TEST_DEVICE=$device "$build/$program" '[device]~[fake]' --durations yes
  fi
done
