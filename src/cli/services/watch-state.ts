/** What the rows of the live view are ordered by. */
const sortOrders = ['traffic', 'connections', 'active', 'name'] as const;
export type SortOrder = (typeof sortOrders)[number];

/** What the user has chosen in the live view. */
export interface WatchState {
  readonly order: SortOrder;
  /** First row that is shown, counted from 0. */
  readonly top: number;
  /** Whether real servers are shown under their virtual servers. */
  readonly withRealServers: boolean;
  readonly paused: boolean;
  readonly help: boolean;
}

export const initialState: WatchState = {
  order: 'traffic',
  top: 0,
  withRealServers: false,
  paused: false,
  help: false,
};

const escape = '\x1b';

/** Keys as terminals send them, by what they mean. */
const up = new Set(['k', '\x1b[A', '\x1bOA']);
const down = new Set(['j', '\x1b[B', '\x1bOB']);
const pageUp = new Set(['\x1b[5~', 'b']);
const pageDown = new Set(['\x1b[6~', ' ']);
const home = new Set(['g', '\x1b[H', '\x1b[1~']);
const end = new Set(['G', '\x1b[F', '\x1b[4~']);
const quit = new Set(['q', 'Q', '\x03', '\x04', '\x1b']);

/** The state after a key; `quit` when it means the end. Keys that mean nothing change nothing. `page` is in rows. */
export function afterKey(state: WatchState, key: string, page: number): WatchState | 'quit' {
  if (quit.has(key)) return state.help && key === '\x1b' ? { ...state, help: false } : 'quit';
  if (up.has(key)) return { ...state, top: Math.max(0, state.top - 1) };
  if (down.has(key)) return { ...state, top: state.top + 1 };
  if (pageUp.has(key)) return { ...state, top: Math.max(0, state.top - page) };
  if (pageDown.has(key)) return { ...state, top: state.top + page };
  if (home.has(key)) return { ...state, top: 0 };
  if (end.has(key)) return { ...state, top: Number.MAX_SAFE_INTEGER };
  if (key === 's') return { ...state, top: 0, order: nextOrder(state.order) };
  if (key === 'r' || key === '\r') return { ...state, top: 0, withRealServers: !state.withRealServers };
  if (key === 'p') return { ...state, paused: !state.paused };
  if (key === '?' || key === 'h') return { ...state, help: !state.help };
  return state;
}

function nextOrder(order: SortOrder): SortOrder {
  return sortOrders[(sortOrders.indexOf(order) + 1) % sortOrders.length] ?? 'traffic';
}

/** A sequence that a special key sends, or one letter. */
const sequence = new RegExp(`(${escape}\\[[\\d;]*[A-Za-z~]|${escape}O[A-Za-z]|[^])`);

/** Splits what a terminal sent into keys: several may come at once. */
export function keysOf(text: string): readonly string[] {
  return text.split(sequence).filter((key) => key !== '' && key !== undefined);
}
