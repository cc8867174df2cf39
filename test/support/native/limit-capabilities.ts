// Limits this thread to the capabilities given as an argument; prints its sets, those of a program that it starts
// then, and those of a thread that was there before.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';

const setsIn = (status: string) => ({
  held: ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'].map((name) => fieldIn(status, name)),
  bounding: fieldIn(status, 'CapBnd'),
  isLocked: /^NoNewPrivs:\t1$/m.test(status),
});
const fieldIn = (status: string, name: string) =>
  BigInt(`0x${new RegExp(`^${name}:\t([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? 'none'}`).toString(16);

const kept = Number(process.argv[2]);
const before = setsIn(readFileSync('/proc/self/status', 'utf8'));
loadNetlinkAddon().limitCapabilities(kept);
const after = setsIn(readFileSync('/proc/self/status', 'utf8'));
const program = setsIn(execFileSync('cat', ['/proc/self/status'], { encoding: 'utf8' }));
const other = readdirSync('/proc/self/task').find((thread) => Number(thread) !== process.pid) ?? '';
const thread = setsIn(readFileSync(`/proc/self/task/${other}/status`, 'utf8'));
console.log(JSON.stringify({ before, after, program, thread }));
