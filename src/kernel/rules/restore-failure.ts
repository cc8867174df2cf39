import type { CommandResult } from './run-command.ts';
import { DriverError } from '../errors.ts';

/** Input lines shown before and after the one that iptables names. */
const linesAround = 3;

/** Most characters of iptables' own words that are passed on. */
const maxWords = 2_000;

/** Likely causes, by the words of iptables. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/xtables lock/, 'another program holds /run/xtables.lock; it is tried again'],
  [/Set \S+ doesn't exist/, 'the IP set has to exist before rules refer to it'],
  [/Couldn't load (?:match|target)/, 'iptables lacks this extension, or a chain of this name is missing'],
  [/missing kernel module|not loaded/, 'the kernel lacks a module that the rule needs'],
  [/TABLE_ADD failed \(Operation not supported\)/, 'the kernel has no nf_tables: use the legacy flavour'],
  [/can't initialize|unable to initialize|Table does not exist/, 'the kernel lacks the module of this table'],
  [/Permission denied|must be root|Operation not permitted/, 'it takes CAP_NET_ADMIN'],
];

/** The error of a restore that iptables refused: exit code, its words, the lines concerned, the likely cause. */
export function restoreFailure(operation: string, { exitCode, stderr }: CommandResult, input: string): DriverError {
  const words = stderr.trim().slice(0, maxWords);
  const status = exitCode === undefined ? 'ended by a signal' : `exit code ${exitCode}`;
  const context = linesInQuestion(words, input);
  const hint = hints.find(([pattern]) => pattern.test(words))?.[1];
  return new DriverError('rules', operation, {
    detail: `${status}: ${words}${context === '' ? '' : `; input:\n${context}\n`}`,
    ...(hint !== undefined && { hint }),
  });
}

/** `line 12 failed` (legacy), `Error occurred at line: 12` (both), `line 12: RULE_APPEND failed` (nft). */
function linesInQuestion(words: string, input: string): string {
  const number = Number(/\bline:? (\d+)/.exec(words)?.[1] ?? 0);
  const lines = input.trimEnd().split('\n');
  if (number < 1 || number > lines.length) return '';
  const first = Math.max(1, number - linesAround);
  return lines
    .slice(first - 1, number + linesAround)
    .map((line, index) => `${first + index === number ? '>' : ' '} ${first + index}: ${line}`)
    .join('\n');
}
