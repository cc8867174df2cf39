import type { Protocol } from '../../model/service-key.ts';
import type { FieldReader } from './field-reader.ts';
import { quote } from './field-reader.ts';

export const highestPort = 65_535;

/** TCP when absent; undefined, with a warning, for a protocol that this program cannot serve. */
export function readProtocol(reader: FieldReader, value: unknown, path: string): Protocol | undefined {
  const text = reader.text(value, path);
  if (text === '') return 'TCP';
  if (text === 'TCP' || text === 'UDP' || text === 'SCTP') return text;
  reader.warn(path, `${quote(text)} is not supported (TCP, UDP, SCTP); port skipped`);
  return undefined;
}
