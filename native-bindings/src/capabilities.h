// Capabilities of the calling thread.
#pragma once

#include <cstdint>

/**
 * Takes every capability that is not in `kept` (bit n is capability n) out of the sets of the calling thread: bounding
 * (as far as CAP_SETPCAP allows), permitted, effective, inheritable, and with them ambient. Then sets no_new_privs,
 * without which the next program that root starts would have the whole bounding set again. Other threads keep what they
 * have. Returns 0 or an errno.
 */
int limit_capabilities(uint64_t kept);
