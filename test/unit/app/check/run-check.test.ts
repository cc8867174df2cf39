import { describe, expect, it } from '@jest/globals';
import { gatherCheckFacts } from '../../../../src/app/check/gather-check-facts.ts';
import { runCheck } from '../../../../src/app/check/run-check.ts';
import { checkSyntax } from '../../../../src/cli/check/check-syntax.ts';
import { runWith } from '../../../support/tool-world.ts';

describe('the check of this machine', () => {
  it('writes nothing, and says of every area what it found', async () => {
    const { output, exitCode } = await runWith(
      (commandLine, world, sources) => runCheck(commandLine, world, sources, gatherCheckFacts),
      checkSyntax,
      '-o json --hostname-override=here',
      {},
    );
    const { node, usable, findings, facts } = JSON.parse(output);
    expect(node).toBe('here');
    expect(exitCode).toBe(usable ? 0 : 1);
    const areas = new Set(findings.map(({ area }: { area: string }) => area));
    expect([...areas]).toEqual(expect.arrayContaining(['kernel', 'iptables', 'rights', 'proxies']));
    expect(facts.interfaces.map(({ name }: { name: string }) => name)).toContain('lo');
  });
});
