import { parseArgs } from 'node:util';
import { type IpAddress, parseIp } from '../../model/ip.ts';
import { defaultStatusSocket } from '../../model/status-protocol.ts';

export const outputForms = ['table', 'wide', 'json', 'yaml'] as const;
type OutputForm = (typeof outputForms)[number];

/** What a command line asks for that goes beyond the options of ipvsadm. */
export interface ServicesOptions {
  readonly output: OutputForm;
  readonly watch: boolean;
  /** Between two pictures. */
  readonly intervalMs: number;
  /** Pictures to show before it ends; undefined for no end. */
  readonly count: number | undefined;
  /** `namespace/name`; empty for all. */
  readonly service: string;
  readonly namespace: string;
  readonly address: IpAddress | undefined;
  /** Of the address that is asked for; undefined for all. */
  readonly port: number | undefined;
  readonly node: string;
  readonly socket: string;
}

/** A command line that cannot be carried out; the message is one line. */
export class ServicesUsageError extends Error {
  readonly code = 'SERVICES_USAGE';
}

/** Options that are not ipvsadm's, as the completion and the parser know them. */
export const servicesOptionTable = {
  services: { type: 'boolean' },
  watch: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  service: { type: 'string' },
  namespace: { type: 'string' },
  address: { type: 'string' },
  node: { type: 'string' },
  interval: { type: 'string' },
  count: { type: 'string' },
  socket: { type: 'string' },
} as const;

/** Those of ipvsadm that change nothing here: real names and numbers are always shown. */
const tolerated = {
  list: { type: 'boolean', short: 'L' },
  numeric: { type: 'boolean', short: 'n' },
  l: { type: 'boolean', short: 'l' },
} as const;

const ownNames = new Set(Object.keys(servicesOptionTable));

/**
 * Whether a command line has an option that ipvsadm does not know, or asks for a form of output. `-o` alone is
 * ipvsadm's `--ops`.
 */
export function isForServices(argv: readonly string[]): boolean {
  return argv.some((word, index) => {
    const [, name = ''] = /^--([a-z]+)(?:=.*)?$/s.exec(word) ?? [];
    if (ownNames.has(name)) return true;
    const form = /^-[Lln]*o=?(.*)$/s.exec(word)?.[1];
    return form !== undefined && isForm(form === '' ? (argv[index + 1] ?? '') : form);
  });
}

/** Reads the command line. Throws `ServicesUsageError`. Pure. */
export function parseServicesOptions(argv: readonly string[]): ServicesOptions {
  const values = read(argv);
  const output = values.output?.replace(/^=/, '') ?? 'table';
  if (!isForm(output)) throw new ServicesUsageError(`-o takes ${outputForms.join(', ')}, not ${quoted(output)}`);
  const isDocument = output === 'json' || output === 'yaml';
  const watch = values.watch === true;
  if (watch && isDocument) throw new ServicesUsageError(`--watch shows a table: it does not go with -o ${output}`);
  for (const name of ['interval', 'count'] as const) {
    if (values[name] !== undefined && !watch) throw new ServicesUsageError(`--${name} goes with --watch only`);
  }
  const { service, namespace } = serviceFilter(values.service, values.namespace ?? '');
  return {
    output,
    watch,
    intervalMs: 1000 * readNumber('interval', values.interval ?? '1', /^\d+(\.\d+)?$/, 0.2, 3600),
    count: values.count === undefined ? undefined : readNumber('count', values.count, /^\d+$/, 1, 1_000_000),
    service,
    namespace,
    ...addressFilter(values.address),
    node: values.node ?? '',
    socket: values.socket ?? defaultStatusSocket,
  };
}

function read(argv: readonly string[]) {
  try {
    const options = { ...servicesOptionTable, ...tolerated };
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
    const [extra] = positionals;
    if (extra !== undefined) throw new ServicesUsageError(`unexpected argument ${quoted(extra)}`);
    return values;
  } catch (error) {
    if (error instanceof ServicesUsageError) throw error;
    throw new ServicesUsageError(refusal((error as Error).message), { cause: error }); // it throws nothing else
  }
}

/** The words of `parseArgs`, made one short line. */
function refusal(message: string): string {
  const [, unknown] = /^Unknown option '(-[^']*)'/.exec(message) ?? [];
  if (unknown !== undefined) return `option ${unknown} does not go with --services and the like; see --help`;
  const [, missing] = /^Option '(?:-\w, )?(--\w+)[^']*' argument missing/.exec(message) ?? [];
  if (missing !== undefined) return `option ${missing} needs a value`;
  return message.split(/[.\n]/, 1)[0] ?? message;
}

function isForm(text: string): text is OutputForm {
  return (outputForms as readonly string[]).includes(text);
}

/** A name without a namespace is in that of `--namespace`, else in `default`. */
function serviceFilter(written: string | undefined, namespace: string): { service: string; namespace: string } {
  if (written === undefined) return { service: '', namespace };
  const [first = '', second, ...more] = written.replace(/^(?:svc|service|services)\//, '').split('/');
  const inNamespace = second === undefined ? namespace || 'default' : first;
  const name = second ?? first;
  if (more.length > 0 || name === '' || inNamespace === '') {
    throw new ServicesUsageError(`--service takes NAMESPACE/NAME, not ${quoted(written)}`);
  }
  if (namespace !== '' && namespace !== inNamespace) {
    throw new ServicesUsageError(`--namespace ${namespace} and --service ${written} contradict each other`);
  }
  return { service: `${inNamespace}/${name}`, namespace: inNamespace };
}

function addressFilter(written: string | undefined): Pick<ServicesOptions, 'address' | 'port'> {
  if (written === undefined) return { address: undefined, port: undefined };
  const whole = parseIp(written);
  if (whole !== undefined) return { address: whole, port: undefined };
  const [, six, four, port] = /^(?:\[(.*)\]|([^:]*)):(\d{1,5})$/.exec(written) ?? [];
  const address = parseIp(six ?? four ?? '');
  if (address === undefined || Number(port) > 65_535) {
    throw new ServicesUsageError(`--address takes ADDRESS[:PORT], not ${quoted(written)}`);
  }
  return { address, port: Number(port) };
}

function readNumber(name: string, text: string, form: RegExp, least: number, most: number): number {
  const value = form.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new ServicesUsageError(`--${name} takes a number from ${least} to ${most}, not ${quoted(text)}`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
