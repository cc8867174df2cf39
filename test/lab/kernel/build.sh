#!/bin/bash
# Builds what Debian's user-mode kernel lacks. Results go to the lab's cache directory (.cache/kernel-lab in the
# repository, or $KERNEL_LAB_CACHE), where the lab finds them.
#   build.sh modules   modules for nftables, for Debian's kernel   (about 1 CPU minute, 1.4 MB)
#   build.sh kernel    a kernel of our own, with time travel       (about 15 CPU minutes, 11 MB)
#   build.sh check     exit code 0 when the modules for the installed kernel are there already
# Sources are Debian packages: 139 MB to download, 1.5 GB unpacked, removed afterwards (KEEP=1 keeps them).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${KERNEL_LAB_CACHE:-$(cd "$here/../../.." && pwd)/.cache/kernel-lab}
export PATH=$PATH:/usr/sbin:/sbin
build_packages="gcc libc6-dev make flex bison bc xz-utils kmod"

say() { echo "==> $*"; }
fail() {
  echo "build.sh: $*" >&2
  exit 1
}

need_tools() {
  local missing=() tool
  for tool in gcc make flex bison bc xz depmod dpkg-deb strip; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [ ${#missing[@]} = 0 ] ||
    fail "missing: ${missing[*]}; run: apt-get install -y --no-install-recommends $build_packages binutils"
}

installed_release() {
  command -v linux.uml >/dev/null ||
    fail "linux.uml is missing; run: apt-get install -y --no-install-recommends user-mode-linux"
  linux.uml --version
}

# The newest package version of the source package $1 whose upstream version is $2; any version when $2 is empty.
package_version() {
  apt-cache madison "$1" 2>/dev/null |
    awk -v upstream="$2" '{ v = $3; sub(/^[0-9]+:/, "", v) } upstream == "" || index(v, upstream "-") == 1 { print $3; exit }'
}

# Unpacks the kernel source of series $1 (6.1) and upstream version $2 ("" for the newest); sets $source.
fetch_source() {
  local series=$1 upstream=$2 package=linux-source-$1 version
  source=$work/source
  version=$(package_version "$package" "$upstream")
  if [ -z "$version" ] && [ "$(id -u)" = 0 ]; then
    say "refreshing the package lists"
    apt-get update -qq || true
    version=$(package_version "$package" "$upstream")
  fi
  [ -n "$version" ] ||
    fail "no $package ${upstream:+of version $upstream }in the package lists (offline, or apt-get update is needed)"
  mkdir -p "$source" "$work/download"
  say "downloading $package $version"
  (cd "$work/download" && apt-get download -qq -o APT::Sandbox::User=root "$package=$version" >/dev/null) ||
    fail "cannot download $package=$version: no connection to the Debian archive; run this again when there is one"
  say "unpacking it"
  dpkg-deb --fsys-tarfile "$work/download/${package}_"*.deb | tar -xO "./usr/src/$package.tar.xz" | xz -dc -T0 |
    tar -x -C "$source" --strip-components=1
  rm -rf "$work/download"
}

kernel_make() { make -C "$source" ARCH=um O="$objects" -j"$(nproc)" "$@"; }

# As kernel_make, but its output is shown only when it fails.
quiet_make() {
  kernel_make "$@" >"$work/make.log" 2>&1 || {
    tail -n 40 "$work/make.log" >&2
    fail "the kernel build failed (make $*)"
  }
}

# Puts the directory $1 in place as the modules of release $2, at once: another lab may be starting.
install_modules() {
  mkdir -p "$cache/modules"
  rm -rf "$cache/modules/.old-$2"
  [ ! -e "$cache/modules/$2" ] || mv "$cache/modules/$2" "$cache/modules/.old-$2"
  mv "$1" "$cache/modules/$2"
  rm -rf "$cache/modules/.old-$2"
}

# What Debian's configuration leaves out: every nftables family but the bridge's.
nftables_options() {
  local option
  for option in INET NETDEV IPV4 IPV6 ARP; do echo "CONFIG_NF_TABLES_$option=y"; done
  for option in NAT FIB_IPV4 FIB_IPV6 FIB_INET REJECT_INET FLOW_OFFLOAD SYNPROXY; do echo "CONFIG_NFT_$option=m"; done
}

# nf_tables, every nft_*, and nf_nat (it gains a symbol that they need); all else stays Debian's.
nftables_modules() {
  local directory option module
  echo net/netfilter/nf_nat.ko
  for directory in net/netfilter net/ipv4/netfilter net/ipv6/netfilter; do
    while read -r option module; do
      if grep -qx "$option=m" "$objects/.config"; then echo "$directory/$module.ko"; fi
    done < <(sed -nE 's/^obj-\$\((CONFIG_[A-Z0-9_]+)\)[[:space:]]*\+= (nft_[a-z0-9_]+|nf_tables)\.o/\1 \2/p' \
      "$source/$directory/Makefile")
  done
}

build_modules() {
  local release debian modules tree module
  release=$(installed_release)
  debian=/usr/lib/uml/modules/$release
  [ -d "$debian" ] || fail "no modules for linux.uml $release in $debian: reinstall the package user-mode-linux"
  fetch_source "${release%.*}" "$release"
  say "building the nftables modules for $release"
  linux.uml --showconfig >"$objects/.config"
  nftables_options >>"$objects/.config"
  quiet_make olddefconfig
  quiet_make modules_prepare
  mapfile -t modules < <(nftables_modules)
  # There is no list of Debian's symbols, so unresolved ones are a warning. Safe: modules carry no symbol versions.
  quiet_make KBUILD_MODPOST_WARN=1 "${modules[@]}"
  grep -qx "$release" "$objects/include/config/kernel.release" ||
    fail "the source is $(<"$objects/include/config/kernel.release"), the kernel $release"
  tree=$work/tree/lib/modules/$release
  mkdir -p "$tree/updates"
  ln -s "$debian/kernel" "$tree/kernel"
  cp "$debian"/modules.{builtin,builtin.modinfo,order} "$tree/"
  for module in "${modules[@]}"; do strip -g -o "$tree/updates/${module##*/}" "$objects/$module"; done
  depmod -b "$work/tree" "$release" # "updates" wins over "kernel"
  install_modules "$tree" "$release"
}

build_kernel() {
  local series release tree line
  series=${SERIES:-$([ -n "$(package_version linux-source-6.12 "")" ] && echo 6.12 || echo 6.1)}
  fetch_source "$series" ""
  say "building the lab's own kernel ($series)"
  quiet_make KCONFIG_ALLCONFIG="$here/lab.config" allnoconfig
  while read -r line; do
    grep -qxF "$line" "$objects/.config" || echo "note: $line was not taken" >&2
  done < <(grep '^CONFIG.*=[ym]' "$here/lab.config")
  quiet_make linux
  release=$(<"$objects/include/config/kernel.release")
  tree=$work/tree/lib/modules/$release
  mkdir -p "$tree"
  cp "$objects"/modules.builtin{,.modinfo} "$tree/"
  cp "$objects/modules.order" "$tree/" 2>/dev/null || : >"$tree/modules.order"
  depmod -b "$work/tree" "$release" # so that "modprobe ip_vs" succeeds for what is built in
  install_modules "$tree" "$release"
  strip -o "$cache/linux.new" "$objects/linux"
  mv "$cache/linux.new" "$cache/linux"
}

case ${1:-} in
  check)
    release=$(installed_release)
    [ -e "$cache/modules/$release/updates/nft_nat.ko" ] && [ -e "$cache/modules/$release/modules.dep.bin" ]
    exit
    ;;
  modules | kernel) ;;
  *)
    sed -n '2,7p' "$0"
    exit 1
    ;;
esac
need_tools
mkdir -p "$cache"
work=$(mktemp -d "$cache/build.XXXXXX")
objects=$work/objects
mkdir "$objects"
trap '[ "${KEEP:-}" ] && echo "kept: $work" || rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
"build_$1"
say "done: $cache"
