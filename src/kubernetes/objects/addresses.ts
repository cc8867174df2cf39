import { compact } from '../../model/compact-list.ts';
import type { Cidr, IpAddress } from '../../model/ip.ts';
import { parseCidr, parseIp } from '../../model/ip.ts';
import type { FieldReader } from './field-reader.ts';
import { quote } from './field-reader.ts';
import { unusualForm } from './unusual-form.ts';

/** The addresses of a list of texts. Blank entries are skipped; others that are no IP address, with a warning. */
export function readAddressList(reader: FieldReader, value: unknown, path: string): readonly IpAddress[] {
  return readTextList(reader, value, path, (text) => parseIp(text), 'IP address');
}

/** The networks of a list of texts; surrounding blanks do not count, bad entries are skipped with a warning. */
export function readCidrList(reader: FieldReader, value: unknown, path: string): readonly Cidr[] {
  return readTextList(reader, value, path, (text) => parseCidr(text.trim()), 'CIDR');
}

/** One address, or undefined with a warning if there is another text. A blank text is skipped silently. */
export function readAddress(reader: FieldReader, value: unknown, path: string): IpAddress | undefined {
  const text = reader.text(value, path);
  const address = parseIp(text);
  if (address !== undefined) tellUnusualForm(reader, text, address, path);
  else if (text.trim() !== '') reader.warn(path, `${quote(text)} is not an IP address; skipped`);
  return address;
}

/** Warns of an address or network that is used, but not written as it should be. */
export function tellUnusualForm(reader: FieldReader, text: string, read: IpAddress | Cidr, path: string): void {
  const form = unusualForm(text, read);
  if (form !== undefined) reader.warn(path, `${quote(text)} ${form}`);
}

function readTextList<T extends IpAddress | Cidr>(
  reader: FieldReader,
  value: unknown,
  path: string,
  parse: (text: string) => T | undefined,
  wanted: string,
): readonly T[] {
  const entryPath = `${path}[#]`;
  const parsedEntries = reader.list(value, path).flatMap((entry, index) => {
    reader.index = index;
    const text = reader.text(entry, entryPath);
    if (text.trim() === '') return [];
    const parsed = parse(text);
    if (parsed === undefined) {
      reader.warn(entryPath, `${quote(text)} is not a valid ${wanted}; skipped`);
      return [];
    }
    tellUnusualForm(reader, text, parsed, entryPath);
    return [parsed];
  });
  return compact(parsedEntries);
}
