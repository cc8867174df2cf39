import { type Colour, hangingLines, paint, type Terminal } from '../terminal.ts';
import type { CheckFacts } from './check-facts.ts';
import type { Finding } from './finding.ts';
import { kernelFindings } from './kernel-findings.ts';
import { iptablesFindings, rightFindings, settingFindings } from './node-findings.ts';
import { networkFindings, proxyFindings } from './proxy-findings.ts';

/** Everything that can be said about the node. Pure. */
export function checkFindings(facts: CheckFacts): readonly Finding[] {
  const looks = [kernelFindings, iptablesFindings, settingFindings, rightFindings, proxyFindings, networkFindings];
  return looks.flatMap((look) => look(facts));
}

const marks: Readonly<Record<Finding['level'], readonly [text: string, colour: Colour]>> = {
  ok: ['ok', 'green'],
  warning: ['warning', 'yellow'],
  error: ['ERROR', 'red'],
};

/** The findings as text. Pure. */
export function checkText(node: string, findings: readonly Finding[], terminal: Terminal): string {
  const lines = findings.flatMap(({ area, level, text, remedy }) => {
    const [mark, colour] = marks[level];
    const words = remedy === undefined ? text : `${text}: ${remedy}`;
    const [first = '', ...rest] = hangingLines(`${mark.padEnd(8)} ${area}`, words, 20, terminal.width);
    return [first.replace(mark, paint(terminal, colour, mark)), ...rest];
  });
  return `${[paint(terminal, 'bold', `Node ${node}`), '', ...lines, '', verdict(findings, terminal)].join('\n')}\n`;
}

/** The findings for programs. Pure. */
export function checkJson(node: string, findings: readonly Finding[], facts: CheckFacts): string {
  return `${JSON.stringify({ node, usable: !hasErrors(findings), findings, facts }, undefined, 2)}\n`;
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === 'error');
}

function verdict(findings: readonly Finding[], terminal: Terminal): string {
  const count = (level: Finding['level'], word: string) => {
    const found = findings.filter((finding) => finding.level === level).length;
    return `${found} ${word}${found === 1 ? '' : 's'}`;
  };
  if (hasErrors(findings)) {
    return paint(
      terminal,
      'red',
      `Services will not work here: ${count('error', 'error')}, ${count('warning', 'warning')}.`,
    );
  }
  return paint(terminal, 'green', `Nothing stands in the way: ${count('warning', 'warning')}.`);
}
