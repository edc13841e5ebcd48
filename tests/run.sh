#!/usr/bin/env bash
# Builds the library and runs every test, from nothing: bash tests/run.sh [--quick | --all]
#
#   build/plain      g++, with LibTorch
#   build/sanitize   g++ with AddressSanitizer and UndefinedBehaviorSanitizer, without LibTorch
#   build/core       clang++, without LibTorch, the static library too; without the tests of faults, of the
#                    packages for other languages and of builds from the sources, which take the longest and
#                    do not depend on the compiler
#
# Warnings are errors in the first and the last; with its sanitizers, g++ has false ones.
# --quick builds and tests the first alone. --all also tests the LibTorch layer with the sanitizers, in
# build/sanitize-torch, which takes much longer. The last line counts what passed and failed.

source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

quick= all=
case ${1:-} in
  '') ;;
  --quick) quick=1 ;;
  --all) all=1 ;;
  *) stop "usage: bash tests/run.sh [--quick | --all]" ;;
esac

# Meson's log of each build that ran.
logs=()
broken=()

# run NAME OPTION...: builds build/NAME with these Meson options and runs its tests, except the suites
# of $without.
without=()
run() {
  local name=$1 log=$build_dir/$1/meson-logs/testlog.json
  configure "$@"
  say "building $name"
  rm -f "$log"
  if ! meson compile -C "$build_dir/$name" >"$build_dir/$name.log" 2>&1 </dev/null; then
    grep -E -A 12 'error:|warning:|FAILED|undefined reference' "$build_dir/$name.log" | head -n 60
    broken+=("$name does not build: $build_dir/$name.log")
    return
  fi
  say "testing $name"
  meson test -C "$build_dir/$name" --no-rebuild --print-errorlogs "${without[@]}" </dev/null || true
  [[ -f $log ]] && logs+=("$log") || broken+=("$name ran no test")
}

# run_sanitized NAME OPTION...
run_sanitized() {
  ASAN_OPTIONS=halt_on_error=1:print_summary=1:detect_odr_violation=0 \
  LSAN_OPTIONS="suppressions='$source_dir/tests/libtorch.supp'" \
    run "$@" -Doptimization=1 -Ddebug=true -Db_ndebug=false -Db_sanitize=address,undefined -Db_lundef=false
}

if [[ $quick ]]; then
  setup
  run plain -Dwerror=true -Dtorch=enabled
else
  setup complete
  fetch_model || say "no model (see above): the tests that need it are skipped"
  run plain -Dwerror=true -Dtorch=enabled
  run_sanitized sanitize -Dtorch=disabled
  if [[ $all ]]; then
    without=(--no-suite faults --no-suite bindings --no-suite capi --no-suite corpus --no-suite unit)
    run_sanitized sanitize-torch -Dtorch=enabled
  fi
  without=(--no-suite faults --no-suite bindings --no-suite sources)
  if command -v clang++ >/dev/null; then
    CC=clang CXX=clang++ run core -Dwerror=true -Dtorch=disabled -Ddefault_library=both
  else
    say "clang++ is not installed: building with g++ again"
    run core -Dwerror=true -Dtorch=disabled -Ddefault_library=both
  fi
fi
((${#broken[@]})) && printf '%s\n' "${broken[@]}"
"$venv/bin/python" "$source_dir/tests/support/count_results.py" --broken "${#broken[@]}" "${logs[@]}" || exit 1
