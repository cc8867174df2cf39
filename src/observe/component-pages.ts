import { type HttpAnswer, type HttpRequest, jsonAnswer, textAnswer } from './http-message.ts';
import { formatRfc3339 } from './rfc3339.ts';

/** What `/statusz` shows. */
export interface StatuszInputs {
  readonly startTimeMs: number;
  readonly nowMs: () => number;
  /** Release that the program stands for, e.g. `1.36.0`. */
  readonly binaryVersion: string;
  /** Its first two numbers. */
  readonly emulationVersion: string;
  readonly paths: readonly string[];
}

type Page = 'Statusz' | 'Flagz';
const warning =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';
const deprecated = { Warning: '299 - "config.k8s.io/v1alpha1 is deprecated, use config.k8s.io/v1beta1"' };

/** The answer of `/statusz`: since when we run, and as what. */
export function statuszAnswer(request: HttpRequest, inputs: StatuszInputs): HttpAnswer {
  const uptimeSeconds = Math.max(0, Math.floor((inputs.nowMs() - inputs.startTimeMs) / 1000));
  const startTime = formatRfc3339(inputs.startTimeMs);
  const { binaryVersion, emulationVersion, paths } = inputs;
  const runtime = `node ${process.version}`;
  return componentAnswer(request, 'Statusz', {
    object: { startTime, uptimeSeconds, goVersion: runtime, binaryVersion, emulationVersion, paths },
    lines: [
      ['Started', startTime],
      ['Up', uptime(uptimeSeconds)],
      ['Go version', runtime],
      ['Binary version', binaryVersion],
      ['Emulation version', emulationVersion],
      ['Paths', paths.join(' ')],
    ],
  });
}

/** The answer of `/flagz`: every flag and its value. */
export function flagzAnswer(request: HttpRequest, flags: Readonly<Record<string, string>>): HttpAnswer {
  return componentAnswer(request, 'Flagz', { object: { flags }, lines: Object.entries(flags) });
}

interface PageContent {
  readonly object: Readonly<Record<string, unknown>>;
  readonly lines: readonly (readonly [string, string])[];
}

function componentAnswer({ headers }: HttpRequest, page: Page, content: PageContent): HttpAnswer {
  const wanted = negotiate(headers.accept ?? '', page);
  if (wanted === 'text') {
    const lines = content.lines.map(([name, value]) => `${name}: ${value}`);
    return textAnswer(200, `\nkube-proxy ${page.toLowerCase()}\n${warning}\n\n${lines.join('\n')}\n`);
  }
  if (wanted === undefined) return notAcceptable(page);
  const apiVersion = `config.k8s.io/${wanted.version}`;
  const object = { kind: page, apiVersion, metadata: { name: 'kube-proxy' }, ...content.object };
  const more = wanted.version === 'v1alpha1' ? deprecated : {};
  // JSON is YAML, too.
  return { ...jsonAnswer(200, JSON.stringify(object), { ...more, 'Content-Type': wanted.contentType }) };
}

interface ObjectForm {
  readonly version: string;
  readonly contentType: string;
}

/** The first acceptable form that we have: text, or an object of `config.k8s.io` where it is asked for by name. */
function negotiate(accept: string, page: Page): 'text' | ObjectForm | undefined {
  if (accept.trim() === '') return 'text';
  for (const range of accept.split(',')) {
    const [mediaType = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (mediaType === '*/*' || mediaType === 'text/plain') return 'text';
    const isObject = mediaType === 'application/json' || mediaType === 'application/yaml';
    const values = new Map(parameters.map((each) => each.split('=', 2) as [string, string]));
    const version = values.get('v') ?? '';
    const isOurs = values.get('g') === 'config.k8s.io' && values.get('as') === page;
    if (isObject && isOurs && ['v1beta1', 'v1alpha1'].includes(version)) return { version, contentType: mediaType };
  }
  return undefined;
}

function notAcceptable(page: Page): HttpAnswer {
  const allowed = `text/plain, application/json;g=config.k8s.io;v=v1beta1;as=${page}`;
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `only the following media types are accepted: ${allowed}`,
    reason: 'NotAcceptable',
    code: 406,
  };
  return jsonAnswer(406, JSON.stringify(status));
}

function uptime(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)} hr ${two(Math.floor(seconds / 60) % 60)} min ${two(seconds % 60)} sec`;
}
