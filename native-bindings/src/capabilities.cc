#include "capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

/** Version 3 of the interface has 64 bits, in two halves. */
constexpr int halves = _LINUX_CAPABILITY_U32S_3;

int limit_bounding_set(uint64_t kept) {
  for (int number = 0; number < 64; number++) {
    const int present = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (present < 0) break;  // beyond the last one that this kernel knows
    if (present == 0 || ((kept >> number) & 1) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
    return errno == EPERM ? 0 : errno;  // without CAP_SETPCAP; no_new_privs has the same effect
  }
  return 0;
}

/** What leaves the permitted or the inheritable set leaves the ambient one too. */
int limit_thread_sets(uint64_t kept) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[halves];
  if (syscall(SYS_capget, &header, sets) != 0) return errno;
  for (int half = 0; half < halves; half++) {
    const uint32_t mask = static_cast<uint32_t>(kept >> (32 * half));
    sets[half].effective &= mask;
    sets[half].permitted &= mask;
    sets[half].inheritable &= mask;
  }
  return syscall(SYS_capset, &header, sets) == 0 ? 0 : errno;
}

}  // namespace

int limit_capabilities(uint64_t kept) {
  int error = limit_bounding_set(kept);
  if (error == 0) error = limit_thread_sets(kept);
  if (error == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) error = errno;
  return error;
}
