import { describe, expect, it } from '@jest/globals';
import { createDecoder } from '../../../../src/kubernetes/objects/decoder.ts';
import { type FaultyObject, ObjectIntake } from '../../../../src/kubernetes/watch/object-intake.ts';
import { silentLog } from '../../../../src/observe/log.ts';

function setup() {
  const told: FaultyObject[] = [];
  const intake = new ObjectIntake({
    resource: 'services',
    decode: createDecoder().service,
    log: silentLog,
    onFaults: (object) => told.push(object),
  });
  return { intake, told };
}

const service = (
  resourceVersion: string,
  externalIPs: readonly string[],
  ports: readonly object[] = [{ port: 80 }],
) => ({
  metadata: { namespace: 'shop', name: 'web', resourceVersion, uid: 'u-1' },
  spec: { clusterIP: '10.96.0.10', ports, externalIPs },
});

describe('ObjectIntake', () => {
  it('tells of faults once per revision, with the object', () => {
    const { intake, told } = setup();
    const faulty = service('1', ['x', '203.0.113.9']);
    intake.take(faulty);
    intake.take(faulty);
    expect(told).toEqual([
      {
        resource: 'services',
        key: 'shop/web',
        value: faulty,
        problems: ['spec.externalIPs[0]: "x" is not a valid IP address; skipped'],
      },
    ]);
  });

  it.each<[string, (intake: ObjectIntake<unknown>) => void]>([
    ['are mended', (intake) => intake.take(service('2', []))],
    ['go with the object', (intake) => intake.forget('shop/web')],
  ])('tells when they %s, once', (_name, end) => {
    const { intake, told } = setup();
    intake.take(service('1', ['x']));
    end(intake as ObjectIntake<unknown>);
    end(intake as ObjectIntake<unknown>);
    expect(told.slice(1)).toEqual([{ resource: 'services', key: 'shop/web', value: undefined, problems: [] }]);
  });

  it('tells of an object that cannot be used at all', () => {
    const { intake, told } = setup();
    expect(intake.take(service('1', [], [{ port: 'http' }])).object).toBeUndefined();
    expect(told[0]?.problems).toEqual([expect.stringContaining('spec.ports[0].port: must be a number')]);
    expect(intake.rejected).toBe(1);
  });

  it('says nothing about objects without faults', () => {
    const { intake, told } = setup();
    intake.take(service('1', ['203.0.113.9']));
    intake.forget('shop/web');
    expect(told).toEqual([]);
  });
});
