import { expect, it } from '@jest/globals';
import { programName } from '../../../../src/app/ipvs-status/program-name.ts';

it.each([
  ['/usr/local/bin/ipvsadm', 'ipvsadm'],
  ['/usr/local/bin/ipvs-status', 'ipvs-status'],
  ['/opt/dist/ipvs-status.cjs', 'ipvs-status'],
  ['/opt/src/app/ipvs-status/main.ts', 'ipvs-status'],
  [undefined, 'ipvs-status'],
])('messages of %s are those of %s', (path, name) => {
  expect(programName(path)).toBe(name);
});
