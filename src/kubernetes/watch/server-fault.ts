import { ApiError, ConnectionError, ProtocolError, SilenceError } from './errors.ts';
import type { ServerFault } from './server-choice.ts';
import { needsRelist } from './status.ts';

/**
 * What a failed request says against its server; undefined when another server would answer no better: the request is
 * wrong, its resource version too old or too new, or the server asks for patience. Refusals count for reads only, to
 * which a proxier has the right everywhere. Pure.
 */
export function serverFaultOf(method: string, error: unknown): ServerFault | undefined {
  if (error instanceof SilenceError) return 'silent';
  if (error instanceof ConnectionError) return 'unreachable';
  if (error instanceof ProtocolError) return 'nonsense';
  if (!(error instanceof ApiError) || method !== 'GET' || needsRelist(error)) return undefined;
  if (error.status === 401 || error.status === 403) return 'refused';
  return error.status >= 500 ? 'failing' : undefined;
}
