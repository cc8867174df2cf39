import { ApiError } from './errors.ts';

/** The longest wait a server may ask for. */
const longestRetryAfterMs = 300_000;

/** The error that an answer other than success stands for. `text` is a Status object, or anything else from a proxy. */
export function apiErrorOf(request: string, status: number, retryAfter: string | undefined, text: string): ApiError {
  const parsed = parseStatus(text);
  const details = isRecord(parsed) ? parsed : {};
  const message = textOf(details['message']) || text.slice(0, 200).trim() || 'no explanation';
  const reason = reasonOf(details);
  return new ApiError(request, status, reason, message, retryAfterMsOf(retryAfter, details));
}

/** The error that the object of an ERROR event stands for. */
export function watchErrorOf(request: string, object: unknown): ApiError {
  const details = isRecord(object) ? object : {};
  const status = typeof details['code'] === 'number' ? details['code'] : 500;
  const message = textOf(details['message']) || 'no explanation';
  return new ApiError(request, status, reasonOf(details), message, retryAfterMsOf(undefined, details));
}

/** Whether the resource version that was asked for is of no use any more (or not yet), so that a list is needed. */
export function needsRelist(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 410 || error.reason === 'Expired' || error.reason === tooLarge;
}

const tooLarge = 'ResourceVersionTooLarge';

/** `reason` of a Status, or that of a cause which says that a resource version is from the future. */
function reasonOf(status: Readonly<Record<string, unknown>>): string {
  const details = isRecord(status['details']) ? status['details'] : {};
  const causes = Array.isArray(details['causes']) ? details['causes'] : [];
  return causes.some((cause) => isRecord(cause) && cause['reason'] === tooLarge) ? tooLarge : textOf(status['reason']);
}

/** From the header `Retry-After` (seconds; a date is not used by API servers) or `details.retryAfterSeconds`. */
function retryAfterMsOf(header: string | undefined, status: Readonly<Record<string, unknown>>): number {
  const details = isRecord(status['details']) ? status['details'] : {};
  const seconds = header === undefined ? Number(details['retryAfterSeconds'] ?? 0) : Number(header);
  return seconds > 0 ? Math.min(seconds * 1000, longestRetryAfterMs) : 0;
}

function parseStatus(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page: its words are shown instead
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
