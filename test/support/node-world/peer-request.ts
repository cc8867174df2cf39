/** Whom to ask. */
export interface Question {
  readonly protocol: 'TCP' | 'UDP';
  readonly host: string;
  readonly port: number;
  /** How long to wait before the answer is `silence`. */
  readonly timeoutMs: number;
}

/** What a peer is told to do. */
export type PeerRequest = { readonly id: number } & (
  | { readonly kind: 'listen'; readonly tcp: readonly number[]; readonly udp: readonly number[] }
  | { readonly kind: 'ask'; readonly questions: readonly Question[] }
  | { readonly kind: 'open'; readonly question: Question }
  | { readonly kind: 'say'; readonly dialogue: number; readonly text: string; readonly timeoutMs: number }
  | { readonly kind: 'close'; readonly dialogue: number }
);

/** What came of it: `name source` of who answered, or an errno name, `silence` or `closed`. */
export interface PeerAnswer {
  readonly id: number;
  readonly lines: readonly string[];
}

type WithoutId<Request> = Request extends unknown ? Omit<Request, 'id'> : never;

export type PeerCommand = WithoutId<PeerRequest>;
