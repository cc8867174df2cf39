import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { missingLibraries } from '../../../.build/image/missing-libraries.ts';

const root = mkdtempSync(join(tmpdir(), 'missing-libraries-'));
const addon = join(__dirname, '../../../node_modules/netlink/prebuilds/linux-x64/node.napi.node');

afterAll(() => rmSync(root, { recursive: true }));

it('names what a program of the image needs and the image lacks, and looks at nothing else', () => {
  mkdirSync(join(root, 'usr/lib/triplet'), { recursive: true });
  mkdirSync(join(root, 'opt'));
  writeFileSync(join(root, 'opt/script'), '#!/bin/sh\n');
  expect(missingLibraries(root, 'usr/lib/triplet')).toEqual([]);
  copyFileSync(addon, join(root, 'opt/addon.node'));
  expect(missingLibraries(root, 'usr/lib/triplet')).toContain('addon.node needs libc.so.6, which is not in the image');
  for (const name of ['libc.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libstdc++.so.6', 'libpthread.so.0', 'libdl.so.2']) {
    writeFileSync(join(root, 'usr/lib/triplet', name), '');
  }
  expect(missingLibraries(root, 'usr/lib/triplet')).toEqual([]);
});
