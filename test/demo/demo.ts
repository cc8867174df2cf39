// Runs the tour in the kernel lab. usage: demo.ts [--keep] [--output FILE]
//   --keep         a shell in the tour's world at its end; needs a terminal
//   --output FILE  how many checks passed and failed, as JSON
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false }, output: { type: 'string' } } });
const here = import.meta.dirname;
const story = [process.execPath, join(here, 'story.ts')];
if (values.keep) story.push('--keep');
const lab = ['--timeout', values.keep ? '0' : '600'];
if (values.output !== undefined) {
  const file = resolve(values.output);
  story.push('--output', file);
  lab.push('--rw', dirname(file));
}
if (values.keep && !process.stdin.isTTY) {
  console.error('--keep: standard input is no terminal, so there can be no shell');
  process.exit(2);
}
console.log('Booting a Linux kernel that has IPVS, as a process of this machine ...');
const hasColours = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
const { status } = spawnSync(
  process.execPath,
  [join(here, '..', 'lab', 'lab.ts'), values.keep ? 'shell' : 'run', ...lab, '--', ...story],
  { stdio: 'inherit', env: { ...process.env, DEMO_COLOUR: hasColours ? '1' : '0' } },
);
process.exit(status ?? 1);
