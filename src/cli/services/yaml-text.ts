import type { DocumentValue } from './services-document.ts';

/** A value as YAML in block style. Texts that could be read as anything else are quoted as in JSON, which YAML takes. */
export function yamlText(value: DocumentValue): string {
  if (isScalar(value)) return `${scalar(value)}\n`;
  return isEmpty(value) ? `${isList(value) ? '[]' : '{}'}\n` : `${lines(value).join('\n')}\n`;
}

type Scalar = string | number | boolean;

function lines(value: Exclude<DocumentValue, Scalar>): readonly string[] {
  if (isList(value)) return value.flatMap((item) => under('- ', item));
  return Object.entries(value).flatMap(([name, member]) => (member === undefined ? [] : entry(name, member)));
}

function entry(name: string, value: DocumentValue): readonly string[] {
  if (isScalar(value)) return [`${name}: ${scalar(value)}`];
  if (isEmpty(value)) return [`${name}: ${isList(value) ? '[]' : '{}'}`];
  return [`${name}:`, ...lines(value).map((line) => `${isList(value) ? '' : '  '}${line}`)];
}

/** The item of a list: its lines are under the first. */
function under(mark: string, value: DocumentValue): readonly string[] {
  if (isScalar(value)) return [mark + scalar(value)];
  if (isEmpty(value)) return [`${mark}${isList(value) ? '[]' : '{}'}`];
  return lines(value).map((line, index) => (index === 0 ? mark : ' '.repeat(mark.length)) + line);
}

function isScalar(value: DocumentValue): value is Scalar {
  return typeof value !== 'object';
}

function isList(value: Exclude<DocumentValue, Scalar>): value is readonly DocumentValue[] {
  return Array.isArray(value);
}

function isEmpty(value: Exclude<DocumentValue, Scalar>): boolean {
  return lines(value).length === 0;
}

/** Words that begin with a letter and mean nothing to any YAML reader stay as they are. */
const plain = /^[A-Za-z][\w./-]*$/;
const meaningful = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

function scalar(value: Scalar): string {
  if (typeof value !== 'string') return String(value);
  return plain.test(value) && !meaningful.test(value) ? value : JSON.stringify(value);
}
