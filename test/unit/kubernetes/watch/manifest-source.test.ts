import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FaultyObject } from '../../../../src/kubernetes/watch/object-intake.ts';
import type { ObjectSink } from '../../../../src/kubernetes/source.ts';
import { ManifestSource } from '../../../../src/kubernetes/watch/manifest-source.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { recordingLog } from './recording-log.ts';

let directory = '';
let source: ManifestSource | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'manifests-'));
});

afterEach(async () => {
  source?.stop();
  await rm(directory, { recursive: true });
});

const service = (name: string, port = 80) =>
  `apiVersion: v1\nkind: Service\nmetadata: {namespace: a, name: ${name}}\nspec: {clusterIP: 10.0.0.1, ports: [{port: ${port}}]}\n`;
const write = (name: string, text: string) => writeFile(join(directory, name), text);

function recordingSink(calls: string[]): ObjectSink {
  const keys = (objects: Iterable<object>, key: string) =>
    [...objects].map((object) => String((object as Record<string, unknown>)[key])).join(' ');
  return {
    replaceServices: (services) =>
      calls.push(`services: ${[...services].map((s) => `${s.key}:${s.ports[0]?.port}`).join(' ')}`),
    updateService: (s) => calls.push(`update ${s.key}:${s.ports[0]?.port}`),
    deleteService: (key) => calls.push(`delete ${key}`),
    replaceEndpointSlices: (slices) => calls.push(`slices: ${keys(slices, 'key')}`),
    updateEndpointSlice: (slice) => calls.push(`update slice ${slice.key}`),
    deleteEndpointSlice: (key) => calls.push(`delete slice ${key}`),
    replaceNodes: (nodes) => calls.push(`nodes: ${keys(nodes, 'name')}`),
    updateNode: (node) => calls.push(`update node ${node.name}`),
    deleteNode: (name) => calls.push(`delete node ${name}`),
    listingsArePartial: (isPartial) => calls.push(isPartial ? 'partial' : 'complete'),
  };
}

function open(paths: readonly string[] = [directory]) {
  const clock = new ManualClock();
  const calls: string[] = [];
  const { log, lines } = recordingLog();
  const faults: string[] = [];
  const onFaults = ({ resource, key, problems }: FaultyObject) => faults.push([resource, key, ...problems].join(' '));
  source = new ManifestSource({ paths, sink: recordingSink(calls), clock, log, onFaults });
  source.start();
  /** Lets time pass in small steps until something is so. */
  const until = async (condition: () => boolean, stepMs = 1) => {
    while (!condition()) {
      await clock.advance(stepMs);
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
  };
  return { clock, calls, lines, faults, until };
}

describe('ManifestSource', () => {
  it('delivers everything at once, in name order of the files', async () => {
    await write('b.yml', service('two'));
    await write('a.json', JSON.stringify({ kind: 'Node', apiVersion: 'v1', metadata: { name: 'n1' } }));
    await write('c.yaml', service('three'));
    await write('.hidden.yaml', service('hidden'));
    await write('notes.txt', 'not a manifest');
    await mkdir(join(directory, 'd.yaml'));
    const { calls, until } = open();
    await until(() => calls.length === 3);
    expect(calls).toEqual(['nodes: n1', 'services: a/two:80 a/three:80', 'slices: ']);
  });

  it('delivers an empty directory as nothing', async () => {
    const { calls, until } = open();
    await until(() => calls.length === 3);
    expect(calls).toEqual(['nodes: ', 'services: ', 'slices: ']);
  });

  it('reads single files and several directories', async () => {
    await write('one.yaml', service('one'));
    await mkdir(join(directory, 'more'));
    await write('more/two.yaml', service('two'));
    const { calls, until } = open([join(directory, 'one.yaml'), join(directory, 'more')]);
    await until(() => calls.length === 3);
    expect(calls[1]).toBe('services: a/one:80 a/two:80');
  });

  it.each<[string, (name: string) => Promise<void>, readonly string[]]>([
    ['a changed file', () => write('web.yaml', service('web', 81)), ['update a/web:81']],
    [
      'a file put in its place',
      async () => {
        await write('new', service('web', 82));
        await rename(join(directory, 'new'), join(directory, 'web.yaml'));
      },
      ['update a/web:82'],
    ],
    ['a new file', () => write('more.yaml', service('more')), ['update a/more:80']],
    ['a deleted file', () => rm(join(directory, 'web.yaml')), ['delete a/web']],
    ['a renamed object', () => write('web.yaml', service('other')), ['delete a/web', 'update a/other:80']],
  ])('follows %s by notification', async (_name, change, expected) => {
    await write('web.yaml', service('web'));
    await write('still.yaml', service('still'));
    const { calls, clock, until } = open();
    await until(() => calls.length === 3);
    const startMs = clock.nowMs();
    await change('web.yaml');
    await until(() => calls.length === 3 + expected.length);
    expect(calls.slice(3)).toEqual(expected);
    expect(clock.nowMs() - startMs).toBeLessThan(1_900); // sooner than by looking from time to time
  });

  it('finds changes by looking, too', async () => {
    await mkdir(join(directory, 'v1'));
    await write('v1/web.yaml', service('web'));
    await symlink('v1', join(directory, 'link'));
    const { calls, clock, until } = open([join(directory, 'link/.')]); // no notification tells of the link
    await until(() => calls.length === 3);
    await mkdir(join(directory, 'v2'));
    await write('v2/web.yaml', service('web', 81));
    await symlink('v2', join(directory, 'new'));
    await rename(join(directory, 'new'), join(directory, 'link'));
    await clock.advance(100);
    expect(calls).toHaveLength(3);
    await until(() => calls.length === 4, 100);
    expect(calls[3]).toBe('update a/web:81');
  });

  it('follows a mounted ConfigMap, whose files are links that are swapped together', async () => {
    await mkdir(join(directory, '..v1'));
    await write('..v1/web.yaml', service('web'));
    await symlink('..v1', join(directory, '..data'));
    await symlink('..data/web.yaml', join(directory, 'web.yaml'));
    const { calls, clock, until } = open();
    await until(() => calls.length === 3);
    expect(calls[1]).toBe('services: a/web:80');
    const startMs = clock.nowMs();
    await mkdir(join(directory, '..v2'));
    await write('..v2/web.yaml', service('web', 81));
    await symlink('..v2', join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    await until(() => calls.length === 4);
    expect(calls[3]).toBe('update a/web:81');
    expect(clock.nowMs() - startMs).toBeLessThan(1_900);
  });

  it('delivers nothing when a file is written again with the same content', async () => {
    await write('web.yaml', service('web'));
    const { calls, clock, until } = open();
    await until(() => calls.length === 3);
    await write('web.yaml', `# a comment\n${service('web')}`);
    await write('end.yaml', service('end'));
    await until(() => calls.length === 4);
    await clock.advance(4_000);
    expect(calls.slice(3)).toEqual(['update a/end:80']);
  });

  it('keeps what a file said before it was broken, and reports it once', async () => {
    await write('web.yaml', service('web'));
    const { calls, lines, clock, until } = open();
    await until(() => calls.length === 3);
    await write('web.yaml', 'kind: [');
    await until(() => lines.length === 1);
    expect(lines[0]).toMatch(/A manifest cannot be read: .*web\.yaml:1:\d+: /);
    for (let look = 0; look < 3; look += 1) {
      await clock.advance(2_000);
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    expect([calls.length, lines.length]).toEqual([3, 1]);
    await write('web.yaml', service('web', 81));
    await until(() => calls.length === 4);
    expect(calls[3]).toBe('update a/web:81');
  });

  it('delivers the other files at the start while one is broken, and says that this is not everything', async () => {
    await write('good.yaml', service('good'));
    await write('web.yaml', 'kind: [');
    const { calls, lines, until } = open();
    await until(() => calls.length === 4);
    expect(calls).toEqual(['partial', 'nodes: ', 'services: a/good:80', 'slices: ']);
    expect(lines[0]).toMatch(/A manifest cannot be read: .*web\.yaml:1:\d+: .*nothing is removed until it can/);
    await write('good.yaml', service('good', 81));
    await until(() => calls.length === 5);
    await write('web.yaml', service('web'));
    await until(() => calls.length === 7);
    expect(calls.slice(4)).toEqual(['update a/good:81', 'update a/web:80', 'complete']);
    await write('web.yaml', 'kind: [');
    await until(() => lines.length === 2);
    await write('good.yaml', service('good', 82));
    await until(() => calls.length === 8);
    expect(calls[7]).toBe('update a/good:82');
  });

  it('says that everything is known when the broken file is deleted, or empty', async () => {
    await write('web.yaml', 'kind: [');
    const { calls, until } = open();
    await until(() => calls.length === 4);
    await rm(join(directory, 'web.yaml'));
    await until(() => calls.length === 5);
    expect(calls[4]).toBe('complete');
  });

  it('delivers what can be found at the start while another path is missing', async () => {
    await write('web.yaml', service('web'));
    const later = join(directory, 'later');
    const { calls, lines, clock, until } = open([join(directory, 'web.yaml'), later]);
    await until(() => calls.length === 4);
    expect([calls[0], calls[2]]).toEqual(['partial', 'services: a/web:80']);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/cannot be read: .*later.*nothing is removed until/);
    await clock.advance(6_000);
    await mkdir(later);
    await until(() => calls.length === 5, 100);
    expect(calls[4]).toBe('complete');
    expect(lines).toHaveLength(1);
  });

  it('delivers nothing at the start while no path can be found', async () => {
    const { calls, lines, clock, until } = open([join(directory, 'later')]);
    await until(() => lines.length === 1);
    await clock.advance(6_000);
    expect(calls).toEqual([]);
    await mkdir(join(directory, 'later'));
    await until(() => calls.length === 3, 100);
    expect(calls).toEqual(['nodes: ', 'services: ', 'slices: ']);
  });

  it('tells of objects with faults, and when they have none any more', async () => {
    const faulty = service('web').replace('{clusterIP', "{externalIPs: ['x'], clusterIP");
    await write('web.yaml', `${faulty}---\n${service('api').replace('port: 80', 'port: 0')}`);
    const { calls, faults, until } = open();
    await until(() => calls.length === 3);
    expect(faults).toEqual([
      'services a/web spec.externalIPs[0]: "x" is not a valid IP address; skipped',
      'services a/api Service a/api: spec.ports[0].port: must be a whole number from 1 to 65535, not 0',
    ]);
    await write('web.yaml', `${faulty}---\n${service('api')}`);
    await until(() => calls.length === 4);
    await rm(join(directory, 'web.yaml'));
    await until(() => calls.length === 6);
    expect(faults.slice(2)).toEqual([
      'services a/web spec.externalIPs[0]: "x" is not a valid IP address; skipped',
      'services a/api',
      'services a/web',
    ]);
  });

  it('changes nothing when the directory is missing, and reports it once', async () => {
    const inner = join(directory, 'inner');
    await mkdir(inner);
    await write('inner/web.yaml', service('web'));
    const { calls, lines, clock, until } = open([inner]);
    await until(() => calls.length === 3);
    await rename(inner, join(directory, 'away'));
    await until(() => lines.length === 1, 100);
    expect(lines[0]).toMatch(/Manifests cannot be read: .*their last content is in force/);
    await clock.advance(6_000);
    await rename(join(directory, 'away'), inner);
    await write('inner/web.yaml', service('web', 81));
    await until(() => calls.length === 4, 100);
    expect(calls[3]).toBe('update a/web:81');
    expect(lines).toHaveLength(1);
  });

  it('lets the later of two files win, says so, and falls back when that one goes', async () => {
    await write('a.yaml', service('web', 80));
    await write('b.yaml', service('web', 81));
    const { calls, lines, until } = open();
    await until(() => calls.length === 3);
    expect(calls[1]).toBe('services: a/web:81');
    expect(lines[0]).toMatch(/in more than one manifest.*b\.yaml/);
    await rm(join(directory, 'b.yaml'));
    await until(() => calls.length === 4);
    expect(calls[3]).toBe('update a/web:80');
  });

  it('delivers nothing after stop', async () => {
    await write('web.yaml', service('web'));
    const { calls, clock, until } = open();
    await until(() => calls.length === 3);
    source?.stop();
    await write('web.yaml', service('web', 81));
    await clock.advance(10_000);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    expect(calls).toHaveLength(3);
  });
});
