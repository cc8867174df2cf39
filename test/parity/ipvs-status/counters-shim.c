/* Makes ipvsadm show counters that no test traffic reaches: each 64-bit attribute reads as the next of COUNTERS. */
#include <stdint.h>
#include <stdlib.h>

struct nlattr;

uint64_t nla_get_u64(const struct nlattr *attribute) {
  static char *rest;
  (void)attribute;
  if (rest == NULL) {
    rest = getenv("COUNTERS");
  }
  uint64_t count = strtoull(rest, &rest, 10);
  if (*rest == ',') {
    rest++;
  }
  return count;
}
