import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { explain } from '../../../../src/cli/explain/explain-links.ts';
import type { ExplainFacts } from '../../../../src/cli/explain/facts.ts';
import { explanationJson, explanationText } from '../../../../src/cli/explain/print-explanation.ts';

/** What users complain about, as facts that differ from good ones, and what the first broken or suspect link says. */
interface Complaint {
  readonly complaint: string;
  /** Values by their place, e.g. `paths.0.bound`; null takes them away. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly sentence?: string;
  readonly suspicion?: string;
}

const read = (name: string) => JSON.parse(readFileSync(join(__dirname, name), 'utf8')) as unknown;
const goodFacts = () => read('good-facts.json') as ExplainFacts;
const complaints = read('complaints.json') as readonly Complaint[];

function changed(changes: Complaint['facts']): ExplainFacts {
  const facts = goodFacts();
  for (const [place, value] of Object.entries(changes)) {
    const keys = place.split('.');
    // names of settings have dots only in words, never in keys here
    const last = keys.pop() as string;
    const owner = keys.reduce(
      (object, key) => object[key] as Record<string, unknown>,
      facts as never as Record<string, unknown>,
    );
    if (value === null) delete owner[last];
    else owner[last] = value;
  }
  return facts;
}

const terminal = { width: 100, colours: false };

describe('a Service that works', () => {
  it('has no broken and no suspect link', () => {
    const { links, firstBroken } = explain(goodFacts());
    expect(firstBroken).toBeUndefined();
    expect(links.filter(({ status }) => status !== 'ok')).toEqual([]);
  });

  it('is drawn with its real servers and what they have', () => {
    const text = explanationText(goodFacts(), explain(goodFacts()), terminal);
    expect(text).toContain('  client ─► 10.96.0.80:80/TCP (cluster IP) ─► IPVS rr ─┐\n');
    expect(text).toContain('├─► 10.244.1.5:8080 on node-1  weight 1, 2 active, 1 inactive, 12 since it was added\n');
    expect(text.endsWith('No link is broken.\n')).toBe(true);
  });
});

describe('the address that Pods see', () => {
  const seen = (changes: Complaint['facts']) =>
    explain(changed(changes))
      .links.filter(({ name }) => name === 'masquerading')
      .map(({ text }) => text);
  const client = (kind: string) => ({ address: '203.0.113.9', kind, isLocalEndpoint: false });

  it.each<[Complaint['facts'], readonly [string, string]]>([
    [{ client: client('pod') }, ['203.0.113.9', 'an address of this node']],
    [{ client: client('outside') }, ['an address of this node', 'an address of this node']],
    [{ client: client('pod'), masqueradesAll: true }, ['an address of this node', 'an address of this node']],
    [{ client: client('outside'), 'service.externalPolicy': 'Local' }, ['an address of this node', '203.0.113.9']],
  ])('with %j', (changes, [inside, outside]) => {
    expect(seen(changes)).toEqual([
      `10.96.0.80:80/TCP: Pods see ${inside}`,
      `198.51.100.9:80/TCP: Pods see ${outside}`,
    ]);
    expect(seen({})).toEqual([]);
  });
});

describe('complaints', () => {
  it('are many', () => {
    expect(complaints.length).toBeGreaterThanOrEqual(40);
    expect(new Set(complaints.map(({ sentence, suspicion }) => sentence ?? suspicion)).size).toBe(complaints.length);
  });

  it.each(complaints)('$complaint', ({ facts: changes, sentence, suspicion }) => {
    const facts = changed(changes);
    const explanation = explain(facts);
    expect(explanation.firstBroken?.text).toBe(sentence);
    const first = explanation.links.find(({ status }) => status === (sentence === undefined ? 'suspect' : 'broken'));
    expect(first?.text).toBe(sentence ?? suspicion);
    const text = explanationText(facts, explanation, { width: 10_000, colours: false });
    expect(text.split('\n').at(-2)).toBe(sentence ?? suspicion);
    expect(JSON.parse(explanationJson(facts, explanation)).firstBroken?.text).toBe(sentence);
  });
});
