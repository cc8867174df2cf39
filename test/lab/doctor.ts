import { findHostKernel, findUmlKernel, isInstalled, missingTools } from './kernels.ts';
import type { LabOptions } from './options.ts';

const testedTools = ['ipvsadm', 'ipset', 'iptables', 'nft', 'conntrack'];

/** Prints what this machine can do; returns 0 when some backend can be used, else 1. */
export function doctor(options: LabOptions): number {
  const missing = missingTools();
  const uml = findUmlKernel(options);
  const host = findHostKernel();
  const tools =
    missing.length > 0 ? `MISSING: ${missing.join(' ')} (packages iproute2 kmod util-linux coreutils)` : 'ok';
  console.log(`tools  ${tools}`);
  console.log(`uml    ${'problem' in uml ? uml.problem : `ok: ${uml.release}, ${uml.description}`}`);
  console.log(`host   ${'problem' in host ? host.problem : 'ok'}`);
  for (const tool of testedTools.filter((candidate) => !isInstalled(candidate))) {
    console.log(`note   ${tool} is not installed`);
  }
  return missing.length > 0 || ('problem' in uml && 'problem' in host) ? 1 : 0;
}
