import { expect, it } from '@jest/globals';
import { transportOpener } from '../../../../src/app/node/transport-opener.ts';
import { AddonLoadError, loadNetlinkAddon } from '../../../../src/native/addon.ts';
import { netlinkProtocol } from '../../../../src/netlink/constants.ts';

it('opens conversations over the addon', async () => {
  const { addon, open } = await transportOpener();
  expect(addon).toBe(loadNetlinkAddon());
  for (const kind of [undefined, 'small', 'long'] as const) open(netlinkProtocol.route, kind).close();
});

it('opens them over the package where the addon does not load, and tells', async () => {
  const told: string[] = [];
  const { addon, open } = await transportOpener(
    (error) => told.push(error.message),
    () => {
      throw new AddonLoadError(['netlink.node'], ['built for another machine']);
    },
  );
  expect(addon).toBeUndefined();
  expect(told).toEqual([expect.stringContaining('netlink.node: built for another machine')]);
  open(netlinkProtocol.route).close();
});

it('passes on what else goes wrong', async () => {
  const opening = transportOpener(undefined, () => {
    throw new TypeError('a mistake');
  });
  await expect(opening).rejects.toThrow('a mistake');
});
