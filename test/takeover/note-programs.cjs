// Loaded into the proxier by NODE_OPTIONS: writes a line for each program that it starts to the file PROGRAMS_FILE, once
// that has ended: when it was started, when it had ended (milliseconds since 1970), and what it was. Not TypeScript, for
// Node would have to load what strips the types, which takes seconds in the lab.
const { subscribe } = require('node:diagnostics_channel');
const { appendFileSync } = require('node:fs');

const file = process.env.PROGRAMS_FILE;
subscribe('child_process', ({ process: child }) => {
  const startMs = Date.now();
  child.once('close', () => appendFileSync(file, `${startMs} ${Date.now()} ${child.spawnargs.join(' ')}\n`));
});
