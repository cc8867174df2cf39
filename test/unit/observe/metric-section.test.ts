import { describe, expect, it } from '@jest/globals';
import { MetricRegistry } from '../../../src/observe/metric-registry.ts';
import { labelText, metricHead } from '../../../src/observe/metric-section.ts';

describe('labelText', () => {
  it('escapes what Prometheus would take for something else', () => {
    expect(labelText({ a: 'x', b: 'a "b" \\ c\nd' })).toBe('a="x",b="a \\"b\\" \\\\ c\\nd"');
  });
});

describe('a section of a registry', () => {
  it('comes after the other metrics, in pieces between which others get their turn', async () => {
    const registry = new MetricRegistry();
    registry.counter({ name: 'first', help: 'First.', labels: [] });
    const described = { name: 'many', type: 'gauge', help: 'Many.', labels: ['n'], buckets: [] } as const;
    registry.addSection({
      metrics: [described],
      *render() {
        yield metricHead(described);
        for (let n = 0; n < 3_000; n++) yield `many{n="${n}"} ${n}\n`;
      },
    });
    let turns = 0;
    const next = () => {
      turns++;
      if (turns < 100) setImmediate(next);
    };
    setImmediate(next);
    const text = await registry.render();
    expect(turns).toBeGreaterThanOrEqual(2);
    expect(text.startsWith('# HELP first [ALPHA] First.\n# TYPE first counter\nfirst 0\n')).toBe(true);
    expect(text).toContain('\n# HELP many [ALPHA] Many.\n# TYPE many gauge\nmany{n="0"} 0\nmany{n="1"} 1\n');
    expect(text.endsWith('many{n="2999"} 2999\n')).toBe(true);
    expect(registry.describe().map(({ name }) => name)).toEqual(['first', 'many']);
  });
});
