// Runs the tour in the kernel lab. usage: demo.ts [--keep]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const here = import.meta.dirname;
const story = [process.execPath, join(here, 'story.ts'), ...process.argv.slice(2)];
const lab = join(here, '..', 'lab', 'lab.ts');
const keep = process.argv.includes('--keep');
console.log('==> booting the kernel lab');
const args = keep ? ['shell', '--', ...story] : ['run', '--timeout', '300', '--', ...story];
const { status } = spawnSync(process.execPath, [lab, ...args], { stdio: 'inherit' });
process.exit(status ?? 1);
