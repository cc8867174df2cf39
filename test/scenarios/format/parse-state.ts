import type { SourceLine } from './source-line.ts';
import { parseIp } from '../../../src/model/ip.ts';
import { consecutive } from './many-endpoints.ts';
import { ScenarioError } from './scenario-error.ts';

/**
 * The lines below `expect` as flat lines, one per object of the kernel, in order of the alphabet:
 * `-A -t 10.96.0.1:80 -s rr`, `-a -t 10.96.0.1:80 -r 10.244.1.5:8080 -m -w 1`, `bound 10.96.0.1`,
 * `KUBE-CLUSTER-IP 10.96.0.1,tcp:80`, and what the program tells: `note ...`, `health ...` and so on.
 */
export function stateOf(file: string, body: readonly SourceLine[]): readonly string[] {
  const state = new Set<string>();
  for (const line of body) {
    for (const flat of flatLines(file, line, line.text.trim())) {
      if (state.has(flat)) throw new ScenarioError(file, line.number, `"${flat}" is there twice`);
      state.add(flat);
    }
  }
  return [...state].sort();
}

/** The lines below `expect changes`, each with `+` or `-` before it, applied to the state before. */
export function changedState(file: string, before: readonly string[], body: readonly SourceLine[]): readonly string[] {
  const state = new Set(before);
  for (const line of body) {
    const [, sign, text = ''] = /^\s*([+-]) (.*)$/.exec(line.text) ?? [];
    if (sign === undefined) throw new ScenarioError(file, line.number, 'a change begins with "+ " or "- "');
    for (const flat of flatLines(file, line, text)) {
      if (sign === '-' && !state.delete(flat)) throw new ScenarioError(file, line.number, `"${flat}" was not there`);
      if (sign === '+' && state.has(flat)) throw new ScenarioError(file, line.number, `"${flat}" is there already`);
      if (sign === '+') state.add(flat);
    }
  }
  return [...state].sort();
}

const serverPattern = /^(-t|-u|--sctp-service|-f) (\S+)( .*?)?(?: -> (.*))?$/;
const toldPattern = /^(refused|masquerade|leaving|health|note|conflict|warning|rejected|flow) \S/;

function flatLines(file: string, { number }: SourceLine, text: string): readonly string[] {
  const fail = (problem: string): never => {
    throw new ScenarioError(file, number, problem);
  };
  if (/^-[Aa] /.test(text) || toldPattern.test(text)) return [text];
  const [head = '', ...entries] = text.split(/:? +/);
  if (head === 'bound') return entries.map((address) => `bound ${address}`);
  if (head === 'left') return entries.flatMap((address) => [`bound ${address}`, `left ${address}`]);
  if (head.startsWith('KUBE-')) return entries.map((entry) => `${head} ${entry}`);
  const [whole, protocol = '', address = '', settings = '', servers] = serverPattern.exec(text) ?? [];
  if (whole === undefined) return fail(`"${text}" is no state of the kernel`);
  if (settings.startsWith(' -r ')) return [`-a ${protocol} ${address}${realServer(settings)}`];
  if (!settings.startsWith(' -s ')) return fail(`"-s SCHEDULER" is missing after ${address}`);
  const names = (servers ?? '').split(',').map((name) => name.trim());
  return [
    `-A ${protocol} ${address}${settings}`,
    ...names
      .filter((name) => name !== '')
      .flatMap((name) => spread(name).map((each) => `-a ${protocol} ${address}${realServer(` -r ${each}`)}`)),
  ];
}

/** Real servers masquerade and have weight 1 unless the text says something else. */
function realServer(text: string): string {
  const forwarding = /( -[mgi])( |$)/.exec(text)?.[1] ?? ' -m';
  const weight = / -w (\d+)/.exec(text)?.[1] ?? '1';
  const [address] = /^ -r \S+/.exec(text) ?? [''];
  return `${address}${forwarding} -w ${weight}`;
}

/** `10.128.0.1:8080 x 60000` stands for that many real servers with consecutive addresses. */
function spread(text: string): readonly string[] {
  const [, address = '', port, count] = /^([\d.]+):(\d+) x (\d+)$/.exec(text) ?? [];
  const first = parseIp(address);
  if (first === undefined) return [text];
  return consecutive(first, Number(count)).map((each) => `${each}:${port}`);
}
