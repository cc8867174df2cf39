import { describe, expect, it } from '@jest/globals';
import { configurationFromFlags } from '../../../src/config/apply-flags.ts';
import { flagTable } from '../../../src/config/flag-table.ts';
import { foldByMode } from '../../../src/config/folded-configuration.ts';
import { kubeProxySchema } from '../../../src/config/kube-proxy-configuration.ts';
import { parseFlags } from '../../../src/config/parse-flags.ts';

describe('flagTable', () => {
  it('names each flag once', () => {
    expect(new Set(flagTable.map((flag) => flag.name)).size).toBe(flagTable.length);
  });

  it('names only fields that exist', () => {
    const folded = foldByMode(kubeProxySchema.parse({}));
    const missing = flagTable.filter(({ field }) => {
      const steps = field === undefined ? [] : field.split('.');
      const value = steps.reduce<unknown>(
        (inner, step) => (inner as Record<string, unknown> | undefined)?.[step],
        folded,
      );
      return value === undefined;
    });
    expect(missing).toEqual([]);
  });

  it('has the defaults of an empty file', () => {
    expect(configurationFromFlags(parseFlags([]))).toEqual(foldByMode(kubeProxySchema.parse({})));
  });
});
