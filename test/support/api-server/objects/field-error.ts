import type { StatusCause } from './status.ts';

/** Builders of validation findings, with the wording of the real server. */

export function required(field: string, detail = ''): StatusCause {
  return { reason: 'FieldValueRequired', message: join('Required value', detail), field };
}

export function invalidValue(field: string, value: unknown, detail: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${detail}`, field };
}

export function duplicate(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}`, field };
}

export function forbidden(field: string, detail: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${detail}`, field };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): StatusCause {
  const list = [...supported]
    .sort()
    .map((name) => `"${name}"`)
    .join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { reason: 'FieldValueNotSupported', message, field };
}

export function tooMany(field: string, count: number, maximum: number): StatusCause {
  return { reason: 'FieldValueTooMany', message: `Too many: ${count}: must have at most ${maximum} items`, field };
}

function join(head: string, detail: string): string {
  return detail === '' ? head : `${head}: ${detail}`;
}
