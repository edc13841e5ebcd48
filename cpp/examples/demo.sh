#!/usr/bin/env bash
# Builds the demo programs and runs them on a model: bash cpp/examples/demo.sh [FILE]
#
# FILE is any .safetensors file; by default a small sentence-embedding model (91 MB) is downloaded.
# demo.cpp uses LibTorch, demo.c only the C ABI: both print the tensors of the file, load it, save a
# copy and compare the two.

source "$(dirname "${BASH_SOURCE[0]}")/../../tests/setup.sh"

(($# <= 1)) || stop "usage: bash cpp/examples/demo.sh [FILE]"
if [[ ${1:-} ]]; then
  [[ -f $1 ]] || stop "no such file: $1"
  model=$(realpath "$1")
fi

setup
[[ ${1:-} ]] || fetch_model ||
  stop "The download failed (see above). Give any other file: bash cpp/examples/demo.sh FILE"
configure plain -Dwerror=true -Dtorch=enabled
say "building the two programs"
quietly meson compile -C "$build_dir/plain" demo demo-c || stop "The build failed (see above)."

copy=$build_dir/demo-copy.safetensors
trap 'rm -f "$copy"' EXIT
say "demo: C++ with LibTorch"
"$build_dir/plain/cpp/examples/demo" "$model" "$copy"
rm -f "$copy"
say "demo-c: plain C"
"$build_dir/plain/cpp/examples/demo-c" "$model" "$copy"
