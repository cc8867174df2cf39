import { describe, expect, it } from '@jest/globals';
import { settleFeatureGates } from '../../../src/config/feature-gates.ts';

describe('settleFeatureGates', () => {
  it.each([
    ['defaults', {}, 'LoggingAlphaOptions', false],
    ['its own setting', { LoggingAlphaOptions: true }, 'LoggingAlphaOptions', true],
    ['all of its stage', { AllAlpha: true }, 'LoggingAlphaOptions', true],
    [
      'its own setting before all of its stage',
      { AllAlpha: true, LoggingAlphaOptions: false },
      'LoggingAlphaOptions',
      false,
    ],
    ['all beta gates off', { AllBeta: false }, 'ComponentStatusz', false],
    ['a deprecated gate', { AllowServiceExternalIPs: false }, 'AllowServiceExternalIPs', false],
    ['an unknown gate', { NoSuchGate: true }, 'NoSuchGate', true],
  ])('follows %s', (_name, wanted, gate, expected) => {
    expect(settleFeatureGates(wanted).enabled[gate]).toBe(expected);
  });

  it.each(['MultiCIDRServiceAllocator', 'PreferSameTrafficDistribution'])('refuses to switch %s off', (gate) => {
    expect(settleFeatureGates({ [gate]: false }).problems).toMatchObject([
      { field: `featureGates.${gate}`, value: 'false', bound: 'true' },
    ]);
    expect(settleFeatureGates({ [gate]: true })).toMatchObject({ enabled: { [gate]: true }, problems: [] });
  });
});
