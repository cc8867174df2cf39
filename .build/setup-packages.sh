#!/bin/bash
# Installs the Debian packages that building and testing need. Does nothing when all are there.
# What is missing and cannot be installed is named, with the command for it.
set -u
packages=(
  # the addon and the lab's kernel modules
  make g++ gcc libc6-dev binutils flex bison bc xz-utils
  # the lab: a kernel that is a process, and what its world is made of
  user-mode-linux kmod iproute2 util-linux coreutils procps
  # what the program is compared with, and tested by
  ipvsadm ipset iptables nftables conntrack curl
)
wanted=()

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

command -v dpkg-query >/dev/null || {
  echo "setup: this is not a Debian system; install by its own means: ${packages[*]} npm kubectl" >&2
  exit 1
}
for package in "${packages[@]}"; do is_installed "$package" || wanted+=("$package"); done
# Node itself comes with npm ci; npm needs one to start with, of any version from 18 on.
command -v npm >/dev/null || wanted+=(nodejs npm)
command -v kubectl >/dev/null || wanted+=(kubernetes-client)
[ ${#wanted[@]} = 0 ] && exit 0

command="apt-get install -y --no-install-recommends ${wanted[*]}"
[ "$(id -u)" = 0 ] || {
  echo "setup: missing packages: ${wanted[*]}" >&2
  echo "setup: run as root: $command" >&2
  exit 1
}
echo "==> installing ${wanted[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt-get update -qq >"$log" 2>&1 || echo "setup: apt-get update failed; trying with the package lists that are here" >&2
apt-get install -y -qq --no-install-recommends "${wanted[@]}" >>"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  echo "setup: cannot install ${wanted[*]}: offline, or a package is not in the lists; run: $command" >&2
  exit 1
}
