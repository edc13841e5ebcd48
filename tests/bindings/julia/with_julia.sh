#!/bin/sh
# Runs a command in which `julia` is a program that finds the package and the library of the build.
#
# Usage: with_julia.sh JULIA DEPOT PACKAGE LIBRARY INCLUDE COMMAND...
#
# JULIA is the Julia that toolchain.sh sets up; without it, the one in PATH is used. DEPOT is a
# directory for what Julia compiles. Exits with 77, which Meson counts as skipped, without Julia.

set -eu

if [ -x "$1" ]; then
  PATH=$(dirname "$1"):$PATH
elif ! command -v julia >/dev/null; then
  echo "skipped: Julia is not installed"
  exit 77
fi
export PATH
# The trailing separator appends the default depots, which newer releases need for their own packages.
export JULIA_DEPOT_PATH="$2:"
export JULIA_LOAD_PATH="$3:@stdlib"
export JULIA_SAFETENSORS_LIB="$4"
export SAFETENSORS_INCLUDE="$5"
shift 5
exec "$@"
