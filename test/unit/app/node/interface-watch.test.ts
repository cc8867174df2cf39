import type { NativeResult } from '../../../../src/native/addon.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { InterfaceWatch } from '../../../../src/app/node/interface-watch.ts';
import { errno } from '../../../../src/netlink/errors.ts';
import { MessageWriter } from '../../../../src/netlink/message-writer.ts';
import { monitoringAddon } from '../../../support/monitoring-addon.ts';

const newLink = 16;
const deleteLink = 17;
const newAddress = 20;

let calls: string[];
let ownIndex: number | undefined;
let fake: ReturnType<typeof monitoringAddon>;
let watch: InterfaceWatch;

beforeEach(() => {
  calls = [];
  ownIndex = 7;
  fake = monitoringAddon();
  watch = start();
});

function start(): InterfaceWatch {
  return new InterfaceWatch({
    addon: fake.addon,
    ownInterfaceIndex: () => ownIndex,
    onNodeChange: () => calls.push('node'),
    onOwnInterfaceRemoved: () => calls.push('own removed'),
    onFailure: (error) => calls.push(`failure ${error.message}`),
  });
}

/** A notification of this type about an interface; `errno` beside it or alone. */
function tell(type: number, interfaceIndex: number, number = 0): void {
  const writer = new MessageWriter(64);
  writer.begin(type, 0);
  for (const word of [0, interfaceIndex, 0, 0]) writer.headerWord(word);
  writer.end();
  const result: NativeResult = { errno: number, refused: false, flags: 0, bytes: writer.bytes.slice() };
  fake.seen.tell(result);
}

describe('InterfaceWatch', () => {
  it('tells of changes of other interfaces', () => {
    tell(newAddress, 3);
    tell(newLink, 3);
    tell(deleteLink, 3);
    expect(calls).toEqual(['node', 'node', 'node']);
  });

  it('tells when our own interface is removed, and of nothing else that happens to it', () => {
    tell(newAddress, 7);
    tell(newLink, 7);
    expect(calls).toEqual([]);
    tell(deleteLink, 7);
    expect(calls).toEqual(['own removed']);
  });

  it('takes lost notifications for changes of everything: our own interface may be gone too', () => {
    tell(newAddress, 7, errno.ENOBUFS);
    expect(calls).toEqual(['node', 'own removed']);
  });

  it('asks the kernel to keep changes of our own addresses to itself, once it knows the interface', () => {
    watch.close();
    fake = monitoringAddon();
    ownIndex = undefined;
    watch = start();
    expect(fake.seen.options[0]).not.toHaveProperty('filter');
    ownIndex = 7;
    tell(newLink, 7);
    expect(fake.seen.options[1]).toHaveProperty('filter');
    expect(fake.seen.closed).toEqual([1]);
    expect(calls).toEqual(['node']);
  });

  it('goes on with the monitor that it has when there cannot be another', () => {
    fake.addon.monitor = () => {
      throw Object.assign(new Error('refused'), { errno: errno.ENOMEM });
    };
    ownIndex = 8;
    tell(newLink, 8);
    tell(newLink, 8);
    expect(fake.seen.closed).toEqual([]);
    tell(newAddress, 3);
    expect(calls.at(-1)).toBe('node');
  });

  it('tells when it has ended, and stays quiet once closed', () => {
    tell(newAddress, 3, errno.EBADF);
    expect(calls).toEqual(['node', 'failure monitor of netlink route: EBADF']);
    watch.close();
    expect(fake.seen.closed).toEqual([1]);
  });
});
