import { describe, expect, it } from '@jest/globals';
import { loadNetlinkAddon } from '../../../src/native/addon.ts';
import { openAddonTransport } from '../../../src/netlink/connection.ts';
import { netlinkProtocol } from '../../../src/netlink/constants.ts';
import { resolveGenericFamily } from '../../../src/netlink/generic-family.ts';
import { loadPackageTransport } from '../../../src/netlink/package-transport.ts';

describe('resolveGenericFamily', () => {
  const openAddon = () => openAddonTransport({ addon: loadNetlinkAddon(), protocol: netlinkProtocol.generic });

  it('finds IPVS, loading its module, over either transport', async () => {
    const overAddon = openAddon();
    const overPackage = (await loadPackageTransport())(netlinkProtocol.generic);
    try {
      const family = await resolveGenericFamily(overAddon, 'IPVS');
      expect(family).toBeGreaterThan(16);
      expect(await resolveGenericFamily(overPackage, 'IPVS')).toBe(family);
    } finally {
      overAddon.close();
      overPackage.close();
    }
  });

  it('says that there is no such family', async () => {
    const transport = openAddon();
    try {
      await expect(resolveGenericFamily(transport, 'NO_SUCH')).rejects.toMatchObject({
        errnoName: 'ENOENT',
        operation: 'look up generic netlink family NO_SUCH',
      });
    } finally {
      transport.close();
    }
  });
});
