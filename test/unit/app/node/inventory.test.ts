import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { inventory, type InventoryInputs } from '../../../../src/app/node/inventory.ts';
import { version } from '../../../../src/app/version.ts';
import { loadConfig } from '../../../../src/config/effective-config.ts';

it('names what was found on the node', async () => {
  const sysDirectory = mkdtempSync(join(tmpdir(), 'inventory-'));
  for (const name of ['ip_vs', 'nf_conntrack', 'unrelated'])
    mkdirSync(join(sysDirectory, 'module', name), { recursive: true });
  const argv = ['--proxy-mode=ipvs', '--ipvs-scheduler=mh', '--manifests=/objects'];
  const invocation = loadConfig({ argv, readFile: () => '', version });
  if (invocation.kind !== 'run') throw new Error('not started');
  const inputs: InventoryInputs = {
    settings: invocation.settings,
    kernel: { addon: undefined },
    rules: { flavour: async () => 'nft' },
    families: ['IPv4', 'IPv6'],
    sysDirectory,
  };
  expect(await inventory(inputs)).toMatchObject({
    modules: 'ip_vs,nf_conntrack',
    families: 'IPv4,IPv6',
    iptables: 'nft',
    netlink: 'package',
    objects: 'manifests',
    scheduler: 'mh',
    localDetection: 'ClusterCIDR',
  });
  rmSync(sysDirectory, { recursive: true });
});
