#!/bin/bash
# Makes the kernel lab ready: its kernel is a Debian package; the modules that it lacks are built once.
# Does nothing when they are there, or when the tests run on the host's own kernel.
set -u
[ "${KERNEL_LAB:-}" = host ] && exit 0
build=test/lab/kernel/build.sh
[ "$(uname -m)" = x86_64 ] || {
  echo "setup: user-mode Linux exists for x86_64 only; here the kernel tests need KERNEL_LAB=host, root and ip_vs" >&2
  exit 1
}
$build check && exit 0
echo "==> building modules for the kernel lab, about a minute and a download of 139 MB"
exec $build modules
