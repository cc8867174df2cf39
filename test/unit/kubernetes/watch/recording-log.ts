import type { Log, LogFields } from '../../../../src/observe/log.ts';
import { silentLog } from '../../../../src/observe/log.ts';

/** A log that keeps its lines as one text each. */
export function recordingLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const record = (level: string, message: string, fields?: LogFields) =>
    lines.push(`${level}: ${message} ${JSON.stringify(fields ?? {})}`);
  const log: Log = {
    ...silentLog,
    info: (message, fields) => record('info', message, fields),
    warning: (message, fields) => record('warning', message, fields),
    error: (message, error, fields) => record('error', `${message}: ${String(error)}`, fields),
  };
  return { log, lines };
}
