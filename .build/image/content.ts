/** What the image contains: read by what assembles its root file system, and thereby by every way to make the image. */

/** Machines that there are images for. */
export const machines = {
  x64: {
    /** As container tools and Debian call it. */
    debian: 'amd64',
    triplet: 'x86_64-linux-gnu',
    /** Where programs look for the dynamic loader, and where it is. */
    loader: { path: 'usr/lib64/ld-linux-x86-64.so.2', target: '../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2' },
    loaderFile: 'ld-linux-x86-64.so.2',
  },
  arm64: {
    debian: 'arm64',
    triplet: 'aarch64-linux-gnu',
    loader: { path: 'usr/lib/ld-linux-aarch64.so.1', target: 'aarch64-linux-gnu/ld-linux-aarch64.so.1' },
    loaderFile: 'ld-linux-aarch64.so.1',
  },
} as const;

export type Machine = keyof typeof machines;

/** Files of a Debian package; `LIB` stands for the directory of libraries, `*` for any text in a name. */
export interface PackageFiles {
  readonly name: string;
  readonly files: readonly string[];
}

/** Debian packages of which something is taken, each with its copyright file. */
export const packages: readonly PackageFiles[] = [
  { name: 'libc6', files: ['LIB/LOADER', 'LIB/libc.so.6', 'LIB/libdl.so.2', 'LIB/libm.so.6', 'LIB/libpthread.so.0'] },
  { name: 'libstdc++6', files: ['LIB/libstdc++.so.6'] },
  { name: 'libgcc-s1', files: ['LIB/libgcc_s.so.1'] },
  {
    name: 'iptables',
    files: ['usr/sbin/xtables-legacy-multi', 'usr/sbin/xtables-nft-multi', 'LIB/xtables/lib*.so'],
  },
  // the copyright of both libraries of gcc
  { name: 'gcc-12-base', files: [] },
  { name: 'libip4tc2', files: ['LIB/libip4tc.so.2'] },
  { name: 'libip6tc2', files: ['LIB/libip6tc.so.2'] },
  { name: 'libmnl0', files: ['LIB/libmnl.so.0'] },
  { name: 'libnetfilter-conntrack3', files: ['LIB/libnetfilter_conntrack.so.3'] },
  { name: 'libnfnetlink0', files: ['LIB/libnfnetlink.so.0'] },
  { name: 'libnftnl11', files: ['LIB/libnftnl.so.11'] },
  { name: 'libxtables12', files: ['LIB/libxtables.so.12'] },
];

/** Where our programs are, and where they are called. */
export const programDirectory = 'usr/local/lib/ipvs-proxier';
export const commandDirectory = 'usr/local/bin';

/** Files of dist/ that go into the directory of programs; the addons go there too, in `prebuilds`. */
export const bundles = [
  'ipvs-proxier.cjs',
  'ipvs-proxier-tools.cjs',
  'ipvs-status.cjs',
  'LICENSE',
  'THIRD_PARTY_LICENSES',
] as const;

/** Directories that are empty: what a container's runtime or the chart mounts something on, and `tmp`. */
export const emptyDirectories = [
  'dev',
  'etc/ipvs-proxier',
  'proc',
  'run',
  'sys',
  'tmp',
  'var/lib/ipvs-proxier',
] as const;

/** Small files that are not taken from anywhere. */
export const ownFiles: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/root:/nonexistent\nnonroot:x:65532:65532:nonroot:/nonexistent:/nonexistent\n',
  'etc/group': 'root:x:0:\nnonroot:x:65532:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
};

/** Names under which iptables is started; plain ones are those of nft, as on Debian. */
export function iptablesLinks(): Readonly<Record<string, string>> {
  const links: Record<string, string> = {};
  for (const family of ['iptables', 'ip6tables']) {
    for (const action of ['', '-save', '-restore']) {
      links[`usr/sbin/${family}-legacy${action}`] = 'xtables-legacy-multi';
      links[`usr/sbin/${family}-nft${action}`] = 'xtables-nft-multi';
      links[`usr/sbin/${family}${action}`] = `${family}-nft${action}`;
    }
  }
  return links;
}

/** Links for the layout that Debian has: everything is below /usr. */
export const layoutLinks: Readonly<Record<string, string>> = {
  bin: 'usr/bin',
  lib: 'usr/lib',
  lib64: 'usr/lib64',
  sbin: 'usr/sbin',
};

/** What a container is started with. The Dockerfile says the same, and a test compares the two. */
export const imageConfig = {
  entrypoint: ['/usr/local/bin/ipvs-proxier'],
  environment: {
    PATH: '/usr/local/bin:/usr/sbin:/usr/bin',
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '65536',
    MALLOC_TRIM_THRESHOLD_: '65536',
  },
  labels: {
    'org.opencontainers.image.title': 'ipvs-proxier',
    'org.opencontainers.image.description': 'Kubernetes Services through Linux IPVS',
    'org.opencontainers.image.licenses': 'Apache-2.0',
  },
} as const;
