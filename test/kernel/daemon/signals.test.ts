import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { DaemonProcess } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { list, service } from './manifests.ts';

const node = new LabNode();
afterEach(() => node.clear());
afterAll(() => node.close());

const services = (count: number) =>
  list(...Array.from({ length: count }, (_, index) => service(`s${index}`, `10.96.${index >> 8}.${index & 255}`)));

describe('SIGTERM', () => {
  it('while the first round writes ends it with exit code 0, and the next start goes on from there', async () => {
    const path = node.write('many.json', services(1_000));
    const interrupted = new DaemonProcess({ args: [`--manifests=${path}`] });
    while (!existsSync('/sys/class/net/kube-ipvs0')) await sleep(1);
    expect(interrupted.output).not.toContain('"Round finished"');
    const { exit, output } = await interrupted.stop();
    expect(exit).toBe(0);
    expect(output).toContain('"Stopping; Services stay programmed" signal="SIGTERM"');
    expect(existsSync('/sys/class/net/kube-ipvs0')).toBe(true);
    const next = new DaemonProcess({ args: [`--manifests=${path}`] });
    await next.line(/"Round finished" services=1000/);
    expect(await node.virtualServers()).toHaveLength(1_000);
    expect(await next.stop()).toMatchObject({ exit: 0 });
  });

  it('in the middle of a change leaves in the kernel what was there', async () => {
    const path = node.write('some.json', services(10));
    const first = new DaemonProcess({ args: [`--manifests=${path}`] });
    await first.line(/"Round finished" services=10/);
    const before = await node.virtualServers();
    node.write('some.json', services(500));
    await first.line(/"Applied operations" kind="setEntry"/, first.output.length);
    expect(await first.stop()).toMatchObject({ exit: 0 });
    expect(before).toHaveLength(10);
    expect(await node.virtualServers()).toEqual(expect.arrayContaining([...before]));
  });
});
