import { mkdirSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { DaemonProcess } from './daemon-process.ts';
import { LabNode } from './lab-node.ts';
import { list, service } from './manifests.ts';

const node = new LabNode();
afterEach(() => node.clear());
afterAll(() => node.close());

const first = '-A -t 10.96.0.1:80 -s rr';
const second = '-A -t 10.96.0.2:80 -s rr';
const written = /"Applied operations" kind="virtualServer"/;

describe('manifests', () => {
  it('with a bad field are named by file, line and field, and the other objects are served', async () => {
    const bad = JSON.stringify(service('bad', '10.96.0.2'), undefined, 1).replace('"port": 80', '"port": "eighty"');
    mkdirSync(`${node.directory}/field`);
    const path = node.write('field/bad.json', bad);
    node.write('field/good.json', service('good', '10.96.0.1'));
    const daemon = new DaemonProcess({ args: [`--manifests=${node.directory}/field`] });
    await daemon.line(written);
    expect(await node.virtualServers()).toEqual([first]);
    const line = bad.slice(0, bad.indexOf('"eighty"')).split('\n').length;
    const words = new RegExp(`^E.* err="${path}:${line}:\\d+: Service default/bad: spec\\.ports\\[0\\]\\.port: `);
    await daemon.line(words);
    const offset = daemon.output.length;
    node.write('field/bad.json', service('bad', '10.96.0.2'));
    await daemon.line(written, offset);
    expect(await node.virtualServers()).toEqual([first, second]);
    expect(await daemon.stop()).toMatchObject({ exit: 0 });
  });

  it('that stop being YAML are named by file and line; what they said before stays, and others go on', async () => {
    mkdirSync(`${node.directory}/text`);
    const path = node.write('text/a.yaml', service('a', '10.96.0.1'));
    const daemon = new DaemonProcess({ args: [`--manifests=${node.directory}/text`] });
    await daemon.line(written);
    node.write('text/a.yaml', 'apiVersion: v1\nkind: {Service\n');
    const words = new RegExp(`^E.*A manifest cannot be read" err="${path}:\\d+:\\d+: .*its last content is in force`);
    await daemon.line(words);
    const offset = daemon.output.length;
    node.write('text/b.json', list(service('b', '10.96.0.2')));
    await daemon.line(written, offset);
    expect(await node.virtualServers()).toEqual([first, second]);
    expect(await daemon.stop()).toMatchObject({ exit: 0 });
  });

  it('that are no YAML at the start do not hold back the others, and nothing is taken for gone until they are', async () => {
    mkdirSync(`${node.directory}/start`);
    await node.shell.run(`
      ip link add kube-ipvs0 type dummy
      ip address add 10.96.0.1/32 dev kube-ipvs0
      ipvsadm -A -t 10.96.0.1:80 -s rr`);
    const path = node.write('start/a.yaml', 'kind: [');
    node.write('start/b.json', service('b', '10.96.0.2'));
    const daemon = new DaemonProcess({ args: [`--manifests=${node.directory}/start`] });
    await daemon.line(
      new RegExp(`^E.*A manifest cannot be read" err="${path}:1:\\d+: .*effect="nothing is removed until it can"`),
    );
    await daemon.line(written);
    expect(await node.virtualServers()).toEqual([first, second]);
    const offset = daemon.output.length;
    node.write('start/a.yaml', '# nothing');
    await daemon.line(written, offset);
    expect(await node.virtualServers()).toEqual([second]);
    expect(await daemon.stop()).toMatchObject({ exit: 0 });
  });

  it('that are not there are looked for until they are', async () => {
    const daemon = new DaemonProcess({ args: [`--manifests=${node.directory}/later`] });
    await daemon.line(
      /^E.*Manifests cannot be read" err=".*\/later'" path=".*\/later" effect="nothing is removed until they can be"/,
    );
    expect(await node.virtualServers()).toEqual([]);
    mkdirSync(`${node.directory}/later`);
    node.write('later/a.json', service('a', '10.96.0.1'));
    await daemon.line(written);
    expect(await node.virtualServers()).toEqual([first]);
    expect(await daemon.stop()).toMatchObject({ exit: 0 });
  });
});
