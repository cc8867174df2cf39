/** A way to program Services: what a configuration may say, and whether this version can run it. */
type ProxyModeEntry =
  | { readonly kind: 'available' }
  /** Valid in a configuration, which may be written or cleaned up after; a run ends with exit code 1. */
  | { readonly kind: 'notYet' }
  /** Upstream once had it, or has it elsewhere: never valid. */
  | { readonly kind: 'refused'; readonly why: string };

/** Every mode that has a name. One that becomes available changes here, and gets a sibling of what serves mode ipvs. */
const modes = {
  ipvs: { kind: 'available' },
  iptables: { kind: 'notYet' },
  nftables: { kind: 'notYet' },
  userspace: { kind: 'refused', why: '; the userspace mode was removed in Kubernetes 1.26' },
  kernelspace: { kind: 'refused', why: '; the kernelspace mode is for Windows nodes' },
} as const satisfies Readonly<Record<string, ProxyModeEntry>>;

/** Modes that a valid configuration can have. */
export type ProxyMode = {
  [Name in keyof typeof modes]: (typeof modes)[Name] extends { kind: 'refused' } ? never : Name;
}[keyof typeof modes];

/** What is known of a mode; undefined for a word that is none. */
export function proxyModeEntry(mode: string): ProxyModeEntry | undefined {
  return new Map<string, ProxyModeEntry>(Object.entries(modes)).get(mode);
}
