#!/usr/bin/env bash
# Shows the library at work on a real model, from nothing: bash cpp/examples/demo.sh [FILE]
#
# FILE is any .safetensors file; without one a small sentence-embedding model (91 MB) is fetched.
# demo.cpp goes through LibTorch, demo.c through the C ABI alone: both print what is in the file,
# load it, save it again and compare.

source "$(dirname "${BASH_SOURCE[0]}")/../../tests/setup.sh"

(($# <= 1)) || stop "usage: bash cpp/examples/demo.sh [FILE]"
if [[ ${1:-} ]]; then
  [[ -f $1 ]] || stop "no such file: $1"
  model=$(realpath "$1")
fi

setup
[[ ${1:-} ]] || fetch_model ||
  stop "The model cannot be had (see above). Any other file will do: bash cpp/examples/demo.sh FILE"
configure plain -Dwerror=true -Dtorch=enabled
say "building the two programs"
quietly meson compile -C "$build_dir/plain" demo demo-c || stop "They do not build (see above)."

copy=$build_dir/demo-copy.safetensors
trap 'rm -f "$copy"' EXIT
say "demo: C++ with LibTorch"
"$build_dir/plain/cpp/examples/demo" "$model" "$copy"
rm -f "$copy"
say "demo-c: plain C"
"$build_dir/plain/cpp/examples/demo-c" "$model" "$copy"
