import { describe, expect, it } from '@jest/globals';
import {
  capabilityNames,
  capabilitySet,
  namesIn,
  neededCapabilities,
  planPrivileges,
} from '../../../../src/app/privileges/plan-privileges.ts';

interface Sets {
  readonly inheritable?: string;
  readonly permitted?: string;
  readonly effective?: string;
  readonly bounding?: string;
  readonly ambient?: string;
}

const none = '0000000000000000';
const all = '000001ffffffffff';

const status = ({
  inheritable = none,
  permitted = none,
  effective = none,
  bounding = none,
  ambient = none,
}: Sets): string =>
  `Name:\tnode\nCapInh:\t${inheritable}\nCapPrm:\t${permitted}\nCapEff:\t${effective}\nCapBnd:\t${bounding}\nCapAmb:\t${ambient}\nNoNewPrivs:\t0\n`;

const everyOther = capabilityNames.filter((name) => !['NET_BIND_SERVICE', 'NET_ADMIN', 'NET_RAW'].includes(name));

describe('rights that are not needed', () => {
  it.each<[string, Sets, readonly string[]]>([
    ['root of a node', { permitted: all, effective: all, bounding: all }, everyOther],
    [
      'a privileged pod, which inherits too',
      { inheritable: all, permitted: all, effective: all, bounding: all },
      everyOther,
    ],
    [
      'a container with NET_ADMIN and NET_RAW',
      { permitted: '0000000000003000', effective: '0000000000003000', bounding: '0000000000003000' },
      [],
    ],
    ['after the drop', { permitted: '3400', effective: '3400', bounding: '3400' }, []],
    ['after the drop without SETPCAP', { permitted: '3400', effective: '3400', bounding: all }, []],
    ['a user of no rights, with the usual bounding set', { bounding: all }, []],
    [
      'a unit of systemd with ambient rights',
      { inheritable: '3000', permitted: '3000', effective: '3000', bounding: all, ambient: '3000' },
      [],
    ],
    ['a right that is permitted, not in force', { permitted: '0000000000013000', effective: '3000' }, ['SYS_MODULE']],
    ['a right that programs would inherit', { inheritable: '0000000000200000' }, ['SYS_ADMIN']],
    ['an ambient right', { ambient: '0000000000080000' }, ['SYS_PTRACE']],
    [
      'SETPCAP alone, which could still change the bounding set',
      { permitted: '3100', effective: '3100', bounding: '0000000000003103' },
      ['CHOWN', 'DAC_OVERRIDE', 'SETPCAP'],
    ],
    ['a right that is newer than this program', { permitted: '0000020000003000' }, ['41']],
  ])('%s', (_name, sets, surplus) => {
    expect(planPrivileges(status(sets)).surplus).toEqual(surplus);
  });

  it('are none where the kernel does not tell', () => {
    expect(planPrivileges('Name:\tnode\n')).toEqual({ surplus: [], effective: 0n });
  });
});

describe('sets', () => {
  it('name their capabilities', () => {
    expect(namesIn(neededCapabilities)).toEqual(['NET_BIND_SERVICE', 'NET_ADMIN', 'NET_RAW']);
    expect(namesIn(0n)).toEqual([]);
    expect(namesIn(BigInt(`0x${all}`))).toEqual(capabilityNames);
  });

  it('have the numbers of the kernel', () => {
    expect(neededCapabilities).toBe(0x3400n);
    expect(capabilitySet(['CHOWN'])).toBe(1n);
    expect(capabilitySet(['SETPCAP', 'SYS_MODULE', 'SYS_ADMIN'])).toBe((1n << 8n) | (1n << 16n) | (1n << 21n));
    expect(capabilitySet(['SYS_RESOURCE', 'CHECKPOINT_RESTORE'])).toBe((1n << 24n) | (1n << 40n));
  });
});
