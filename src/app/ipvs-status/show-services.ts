import { runServices } from '../../cli/services/run-services.ts';
import { openStatusKernel } from './open-status-kernel.ts';
import { askDaemon, rememberAnswers } from './status-client.ts';
import { tableTerminal } from './table-terminal.ts';
import { watchServices, type WatchIo } from './watch-services.ts';
import { writeAll } from './write-all.ts';

/** Carries out a command line with options that ipvsadm does not have; the exit code. */
export async function showServices(argv: readonly string[], program: string): Promise<number> {
  const { stdout, env } = process;
  const writeOutput = (text: string) => writeAll(1, Buffer.from(text, 'utf8'));
  const writeError = (text: string) => writeAll(2, Buffer.from(text, 'utf8'));
  // the input is opened only by a view that reads keys
  const io = (): WatchIo => ({
    input: process.stdin,
    output: stdout,
    environment: env,
    writeOutput,
    writeError,
    onEnd,
    now: () => new Date(),
  });
  return await runServices(argv, {
    program,
    terminal: tableTerminal(stdout, env),
    openKernel: openStatusKernel,
    askDaemon: rememberAnswers(askDaemon, () => performance.now()),
    writeOutput,
    writeError,
    watch: (options, takePicture) => watchServices(options, takePicture, io()),
  });
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A shell calls 128 and the signal's number the exit code of what the signal has ended. */
function onEnd(listener: (exitCode: number) => void): () => void {
  const undo = Object.entries(signals).map(([signal, number]) => {
    const end = () => listener(128 + number);
    process.on(signal, end);
    return () => process.off(signal, end);
  });
  const fail = () => listener(1);
  process.once('exit', fail);
  process.once('uncaughtExceptionMonitor', fail);
  return () => {
    for (const each of undo) each();
    process.off('exit', fail);
    process.off('uncaughtExceptionMonitor', fail);
  };
}
