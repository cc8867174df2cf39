#!/bin/bash
# PID 1 of the guest. Makes a throw-away root: a tmpfs overlay over the host's root, which the kernel has mounted
# read-only through hostfs. Then world.sh finishes the world.
# In: LABDIR, the run directory ("LABDIR=/path" on the kernel command line arrives as an environment variable).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

die() {
  echo "LAB-FATAL: $*" >/dev/kmsg
  echo o >/proc/sysrq-trigger
  while :; do sleep 1; done
}

mount -t proc proc /proc || exit 1

# A module in Debian's kernel, built in in the lab's own.
case $(</proc/filesystems) in
  *overlay*) ;;
  *) insmod "/usr/lib/uml/modules/$(</proc/sys/kernel/osrelease)/kernel/fs/overlayfs/overlay.ko" || die "no overlay.ko" ;;
esac

mount -t tmpfs -o mode=755,size=90% lab /run || die "cannot mount a tmpfs on /run"
mkdir /run/up /run/work /run/root
mount -t overlay -o lowerdir=/,upperdir=/run/up,workdir=/run/work overlay /run/root || die "cannot mount the overlay"
cd /run/root && mount --move /proc proc && mount --move /dev dev || die "cannot move /proc and /dev"
pivot_root . run || die "pivot_root failed" # the old root ends under /run; world.sh drops it
export LAB_BACKEND=uml
exec chroot . /bin/bash "$LABDIR/world.sh"
