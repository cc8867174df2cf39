import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one command of a classic tool said to the kernel, and what it got back; one entry per datagram. */
export interface RecordedCommand {
  readonly command: string;
  readonly sent: readonly Uint8Array[];
  readonly received: readonly Uint8Array[];
}

/** Reads a file that `record.sh` wrote, by its name in this folder. */
export function readRecording(fileName: string): readonly RecordedCommand[] {
  const text = readFileSync(join(process.cwd(), 'test/support/captured', fileName), 'utf8');
  return text
    .split(/^# \$ /m)
    .slice(1)
    .map((section) => {
      const [command = '', ...lines] = section.split('\n');
      return { command, sent: datagrams(lines, '> '), received: datagrams(lines, '< ') };
    });
}

/** The command of a recording that reads exactly so; fails when there is none. */
export function recordedCommand(recording: readonly RecordedCommand[], command: string): RecordedCommand {
  const found = recording.find((recorded) => recorded.command === command);
  if (found === undefined) throw new Error(`not recorded: ${command}`);
  return found;
}

function datagrams(lines: readonly string[], direction: string): Uint8Array[] {
  return lines
    .filter((line) => line.startsWith(direction))
    .map((line) => new Uint8Array(Buffer.from(line.slice(direction.length), 'hex')));
}
