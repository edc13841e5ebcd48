# Defines setup_julia, which sets Julia 1.5.3 up in the build directory. tests/setup.sh sources this,
# after it defined say, quietly and $build_dir.
#
# setup_julia downloads the packages of Debian 11, from the mirrors that this machine's apt uses, and
# unpacks them in $build_dir/julia. It installs nothing, keeps apt's lists and cache there, and apt
# checks the signatures. It creates $build_dir/julia/julia, the program to run. If it fails, the tests
# that need Julia are skipped.

julia_suite=bullseye

# The C and C++ libraries of the system are newer than those of the suite, and Julia must use the
# same ones as libsafetensors.
julia_system_packages=(libc6 libcrypt1 libgcc-s1 libstdc++6 gcc-10-base)

# julia_apt FOLDER TOOL ARGUMENT...: runs apt-get or apt-cache with settings below the folder.
julia_apt() {
  local folder=$1 tool=$2
  shift 2
  "$tool" -o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=- \
    -o "Dir::State=$folder/state" -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder/cache" \
    -o APT::Sandbox::User= -o Acquire::Retries=1 -o Acquire::Languages=none \
    -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@"
}

# Prints the addresses from which this machine's apt takes the main part of Debian.
debian_mirrors() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk '$3 == "main" && $2 ~ /^[a-z]+$/ { print $1 }' | sort -u
}

# Prints Julia's packages and those that they depend on.
julia_packages() {
  julia_apt "$1" apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances julia |
    grep '^[a-z0-9]' | sort -u | grep -vxF -f <(printf '%s\n' "${julia_system_packages[@]}")
}

# Writes the command that runs the unpacked Julia.
write_julia_command() {
  cat >"$1/julia" <<'COMMAND'
#!/bin/sh
root=$(cd "$(dirname "$(readlink -f "$0")")/root" && pwd)
for folder in "$root"/usr/lib/*-linux-gnu* "$root"/usr/lib/*-linux-gnu*/julia "$root"/lib/*-linux-gnu*; do
  [ ! -d "$folder" ] || LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
done
export LD_LIBRARY_PATH
exec "$root/usr/bin/julia" "$@"
COMMAND
  chmod +x "$1/julia"
}

# read_julia_lists FOLDER: finds a mirror that has the suite and downloads its list of packages.
read_julia_lists() {
  local folder=$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg key= mirror
  [[ ! -r $keyring ]] || key="[signed-by=$keyring]"
  for mirror in $(debian_mirrors); do
    echo "deb $key $mirror $julia_suite main" >"$folder/sources.list"
    ! quietly julia_apt "$folder" apt-get update || return 0
  done
  return 1
}

download_julia() {
  local folder=$1 package packages
  mkdir -p "$folder"/{state/lists/partial,cache/archives/partial,packages,root}
  : >"$folder/status"
  read_julia_lists "$folder" || return 1
  mapfile -t packages < <(julia_packages "$folder")
  ((${#packages[@]} > 10)) || return 1
  (cd "$folder/packages" && quietly julia_apt "$folder" apt-get download "${packages[@]}") || return 1
  for package in "$folder"/packages/*.deb; do
    quietly dpkg-deb -x "$package" "$folder/root" || return 1
  done
  rm -rf "$folder"/{packages,cache,state}
}

# Creates $build_dir/julia/julia unless it runs already.
setup_julia() {
  local folder=$build_dir/julia
  if [[ -f $folder/ready ]] && "$folder/julia" --version >/dev/null 2>&1; then
    return
  fi
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  say "downloading Julia 1.5.3 of Debian 11 (80 MB)"
  rm -rf "$folder"
  download_julia "$folder" || return 1
  write_julia_command "$folder"
  quietly "$folder/julia" -e 'exit(VERSION == v"1.5.3" ? 0 : 1)' || return 1
  touch "$folder/ready"
}
