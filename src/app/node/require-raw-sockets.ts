import { readFileSync } from 'node:fs';

/** Bit of CAP_NET_RAW. Source: linux/capability.h, read at 6.1. */
const netRaw = 13n;

/** Programs that this process starts lack a capability without which the rules cannot be written. */
class MissingCapabilityError extends Error {
  readonly code = 'CAPABILITY_MISSING';
}

/**
 * The match of iptables on IP sets asks the kernel for the number of a set over a raw socket, whichever the flavour. A
 * program that root starts has what the bounding set leaves, any other one the ambient set. Throws where NET_RAW is not
 * in it: rules without sets would masquerade nothing.
 */
export function requireRawSockets({
  status = readFileSync('/proc/self/status', 'utf8'),
  userId = process.geteuid?.() ?? 0,
} = {}): void {
  const field = userId === 0 ? 'CapBnd' : 'CapAmb';
  const written = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
  if (written === undefined || (BigInt(`0x${written}`) >> netRaw) % 2n === 1n) return;
  throw new MissingCapabilityError(
    'iptables cannot match on IP sets without the capability NET_RAW: give NET_ADMIN and NET_RAW to the container',
  );
}
