import { type ConfigProblem, problem } from './errors.ts';
import { invalidValue } from './field-problems.ts';
import { proxyModeEntry } from './proxy-modes.ts';

/** What is wrong with the word; blank is fine, and means iptables. */
export function modeProblems(path: string, mode: string): readonly ConfigProblem[] {
  const entry = proxyModeEntry(mode);
  if (mode === '' || (entry !== undefined && entry.kind !== 'refused')) return [];
  const reason = `must be iptables, ipvs, nftables or blank (blank currently means iptables)${entry?.kind === 'refused' ? entry.why : ''}`;
  return [invalidValue(path, mode, reason)];
}

/** Refuses the modes that this program does not have yet; a configuration may name them, but a run cannot start. */
export function unavailableMode(mode: string): readonly ConfigProblem[] {
  if (proxyModeEntry(mode)?.kind === 'available') return [];
  const remedy = 'set mode: ipvs in the configuration file, or --proxy-mode=ipvs without one';
  const text = `mode: ${JSON.stringify(mode)} is not available, this version programs IPVS only; ${remedy} (blank means iptables)`;
  return [problem(text, { field: 'mode', value: JSON.stringify(mode), bound: 'ipvs' })];
}
