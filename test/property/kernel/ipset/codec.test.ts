import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeHeaders,
  decodeRefusedLine,
  decodeSets,
  decodeTypeRevision,
} from '../../../../src/kernel/ipset/decode.ts';
import { createIpSetDriver } from '../../../../src/kernel/ipset/driver.ts';
import type { IpAddress, IpFamily } from '../../../../src/model/ip.ts';
import { hostCidr, ipFromBytes, parseCidr } from '../../../../src/model/ip.ts';
import type { IpSet, IpSetEntry, IpSetName, IpSetType } from '../../../../src/model/ip-set.ts';
import {
  addressEntry,
  addressPortAddressEntry,
  addressPortEntry,
  addressPortNetworkEntry,
  portEntry,
} from '../../../../src/model/ip-set.ts';
import type { IpSetOperation } from '../../../../src/model/operation.ts';
import type { Protocol } from '../../../../src/model/service-key.ts';
import { damaged, decodesOrRefuses } from '../../../support/captured/damage.ts';
import { readRecording } from '../../../support/captured/read-recording.ts';
import { createFakeTransport } from '../../../support/fake-transport.ts';
import { FakeIpSetKernel } from '../../../unit/kernel/ipset/fake-ip-set-kernel.ts';

const port = fc.integer({ min: 0, max: 65535 });
const protocol = fc.constantFrom<Protocol>('TCP', 'UDP', 'SCTP');

/** Addresses of a family; in IPv6 none that has an IPv4 form. */
function address(family: IpFamily): fc.Arbitrary<IpAddress> {
  const bytes = family === 'IPv4' ? 4 : 16;
  const any = fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((all) => ipFromBytes([...all]));
  return any.filter((found) => (found.includes(':') ? 'IPv6' : 'IPv4') === family);
}

function entry(type: IpSetType, family: IpFamily): fc.Arbitrary<IpSetEntry> {
  const one = address(family);
  switch (type) {
    case 'hash:ip':
      return one.map(addressEntry);
    case 'hash:ip,port':
      return fc.tuple(one, protocol, port).map((parts) => addressPortEntry(...parts));
    case 'hash:ip,port,ip':
      return fc.tuple(one, protocol, port, one).map((parts) => addressPortAddressEntry(...parts));
    case 'hash:ip,port,net':
      return fc
        .tuple(one, protocol, port, one, fc.integer({ min: 1, max: family === 'IPv4' ? 32 : 128 }))
        .map(([first, proto, number, second, length]) =>
          addressPortNetworkEntry(first, proto, number, parseCidr(`${second}/${length}`) ?? hostCidr(second)),
        );
    case 'bitmap:port':
      return port.map(portEntry);
  }
}

const family = fc.constantFrom<IpFamily>('IPv4', 'IPv6');
const type = fc.constantFrom<IpSetType>(
  'hash:ip',
  'hash:ip,port',
  'hash:ip,port,ip',
  'hash:ip,port,net',
  'bitmap:port',
);

const setWithEntries = fc.tuple(type, family).chain(([setType, setFamily]) => {
  const set: IpSet = {
    name: 'SET' as IpSetName,
    type: setType,
    maxElements: 65536,
    ...(setType !== 'bitmap:port' && { family: setFamily }),
  };
  return fc.tuple(fc.constant(set), fc.array(entry(setType, setFamily), { maxLength: 40 }));
});

describe('sets', () => {
  it('what was put in comes out, part by part', async () => {
    await fc.assert(
      fc.asyncProperty(setWithEntries, async ([set, entries]) => {
        const driver = createIpSetDriver({ transport: createFakeTransport(new FakeIpSetKernel().answer) });
        const additions = entries.map((added) => ({ kind: 'addEntry', set: set.name, entry: added }) as const);
        expect(await driver.apply([{ kind: 'createSet', set }, ...additions])).toEqual([]);
        const [listed] = await driver.list(['SET']);
        const byText = new Map(entries.map((added) => [added.text, added]));
        expect(listed?.entries).toEqual([...byText.values()]);
      }),
    );
  });

  it('operations come to what they come to one by one, whichever entries the kernel refuses', async () => {
    const change = fc.record({
      isAddition: fc.boolean(),
      set: fc.constantFrom('A', 'B', 'C'),
      port: fc.integer({ min: 1, max: 12 }),
    });
    const refusedPorts = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 300 }), refusedPorts, async (changes, refused) => {
        const operations = changes.map(
          (one): IpSetOperation => ({
            kind: one.isAddition ? 'addEntry' : 'deleteEntry',
            set: one.set as IpSetName,
            entry: portEntry(one.port),
          }),
        );
        const together = await outcome(refused, (driver) => driver.apply(operations));
        const oneByOne = await outcome(refused, async (driver) => {
          const failures = await inTurn(operations, async (one) => (await driver.apply([one])).length);
          return failures.flatMap((count, index) => (count > 0 ? [{ index }] : []));
        });
        expect(together).toEqual(oneByOne);
      }),
    );
  });
});

describe('decoders', () => {
  const recorded = readRecording('ipset-ipset-7.17.hex').flatMap((command) => [...command.received]);

  it('throw MalformedMessageError or return for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), decodesOrThrows));
  });

  it('throw MalformedMessageError or return for recordings that are cut off or damaged', () => {
    fc.assert(fc.property(damaged(recorded, 600), decodesOrThrows), { numRuns: 2000 });
  });
});

async function outcome(
  refused: readonly number[],
  run: (driver: ReturnType<typeof createIpSetDriver>) => Promise<readonly { readonly index: number }[]>,
) {
  const kernel = new FakeIpSetKernel();
  const driver = createIpSetDriver({ transport: createFakeTransport(kernel.answer) });
  const sets = ['A', 'B', 'C'].map(
    (name) => ({ name: name as IpSetName, type: 'bitmap:port', maxElements: 65536 }) as const,
  );
  await driver.apply(sets.map((set) => ({ kind: 'createSet', set }) as const));
  for (const number of refused) kernel.refused.add(String(number));
  const failures = await run(driver);
  return { failed: failures.map(({ index }) => index), sets: sets.map(({ name }) => kernel.texts(name)) };
}

function decodesOrThrows(bytes: Uint8Array): boolean {
  const decoders = [decodeSets, decodeHeaders, decodeTypeRevision, decodeRefusedLine];
  return decoders.every((decode) => decodesOrRefuses(() => decode(bytes)));
}

async function inTurn<T, R>(values: readonly T[], run: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const value of values) results.push(await run(value));
  return results;
}
