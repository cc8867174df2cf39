import { expect, it } from '@jest/globals';
import { tableTerminal } from '../../../../src/app/ipvs-status/table-terminal.ts';

it.each([
  ['a terminal', { isTTY: true, columns: 90 }, {}, { width: 90, colours: true }],
  ['a terminal without colours', { isTTY: true, columns: 90 }, { NO_COLOR: '1' }, { width: 90, colours: false }],
  ['a pipe', {}, {}, { width: Number.POSITIVE_INFINITY, colours: false }],
  ['a pipe of a width', { isTTY: false }, { COLUMNS: '70' }, { width: 70, colours: false }],
  ['a pipe of no width', { isTTY: false }, { COLUMNS: 'x' }, { width: Number.POSITIVE_INFINITY, colours: false }],
])('%s', (_, output, environment, terminal) => expect(tableTerminal(output, environment)).toEqual(terminal));
