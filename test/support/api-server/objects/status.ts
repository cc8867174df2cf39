/** One reason why an object was refused. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly StatusCause[];
}

/** The `Status` object of meta/v1: every answer that is not an object. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: object;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** Names of a resource as error messages need them. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

/** A refusal that the client sees as a `Status` with this HTTP code. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get status(): Status {
    const details = this.details === undefined ? {} : { details: this.details };
    const { code, reason, message } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...details, code };
  }
}

export function success(details?: StatusDetails): Status {
  const given = details === undefined ? {} : { details };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', ...given };
}

/** The reason Kubernetes gives with an HTTP code, for codes a test asks for. */
const REASON_OF_CODE: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

export function reasonOfCode(code: number): string {
  return REASON_OF_CODE[code] ?? 'Unknown';
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** The path leads nowhere: no such resource or subresource. */
export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function notFound(resource: ResourceName, name: string): ApiError {
  const { group, plural: kind } = resource;
  return new ApiError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, { name, group, kind });
}

export function alreadyExists(resource: ResourceName, name: string): ApiError {
  const { group, plural: kind } = resource;
  return new ApiError(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, { name, group, kind });
}

export function conflict(resource: ResourceName, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, { name, group: resource.group, kind: resource.plural });
}

/** The object breaks rules of its kind; the message lists them as the real server does. */
export function invalid(resource: ResourceName, name: string, causes: readonly StatusCause[]): ApiError {
  const lines = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const subject = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
  const details = { name, group: resource.group, kind: resource.kind, causes };
  return new ApiError(422, 'Invalid', `${subject} "${name}" is invalid: ${text}`, details);
}

/** The asked version is no longer in the history. */
export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

/** The asked version has not happened yet. */
export function tooLargeResourceVersion(asked: number, current: number): ApiError {
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }];
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  return new ApiError(504, 'Timeout', message, { retryAfterSeconds: 1, causes });
}

function qualified(resource: ResourceName): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}
