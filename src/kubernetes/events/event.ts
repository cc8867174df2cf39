/** What an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for a cluster-wide object; its Events are in namespace `default`. */
  readonly namespace: string;
  readonly name: string;
  /** Empty when unknown. */
  readonly uid: string;
}

/** Something that users should see with `kubectl describe`. */
export interface ProxyEvent {
  readonly type: 'Normal' | 'Warning';
  /** In one word of capitals and small letters, e.g. `AddressConflict`. */
  readonly reason: string;
  /** What was being done. */
  readonly action: string;
  /** For people; cut after 1,024 bytes. */
  readonly note: string;
  readonly regarding: EventSubject;
  /**
   * `cluster`: every node finds the same, and the one Event of whichever is first stands for all. `node`: it concerns
   * this node. `occurrence`: it is a new Event every time.
   */
  readonly scope: 'cluster' | 'node' | 'occurrence';
}

/** Who reports. */
export interface EventReporter {
  readonly nodeName: string;
  /** Host name of the operating system. */
  readonly hostName: string;
}

const longestNote = 1024;

/**
 * The Event as the API takes it (events.k8s.io/v1). Its name follows from what it says, so that it is made once: the
 * API server refuses the second with 409. Pure.
 */
export function eventObject(event: ProxyEvent, reporter: EventReporter, nowMs: number) {
  const { type, reason, action, regarding } = event;
  const { apiVersion, kind, namespace, name, uid } = regarding;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: eventName(event, reporter, nowMs), namespace: eventNamespace(event) },
    eventTime: new Date(nowMs).toISOString().replace('Z', '000Z'),
    reportingController: 'kube-proxy',
    reportingInstance: `kube-proxy-${reporter.hostName}`,
    type,
    reason,
    action,
    note: shortened(event.note),
    regarding: { apiVersion, kind, ...(namespace && { namespace }), name, ...(uid && { uid }) },
  };
}

export function eventNamespace({ regarding }: ProxyEvent): string {
  return regarding.namespace || 'default';
}

/** `name.hash`, the hash over all that makes this Event another one. */
export function eventName(event: ProxyEvent, { nodeName }: EventReporter, nowMs: number): string {
  const { regarding, reason, note, scope } = event;
  const place = { cluster: '', node: nodeName, occurrence: `${nodeName} ${nowMs}` }[scope];
  return `${regarding.name.toLowerCase()}.${hash([regarding.kind, regarding.uid, reason, note, place].join('\n'))}`;
}

function shortened(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= longestNote) return note;
  return `${bytes
    .subarray(0, longestNote - 6)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}...`;
}

/** FNV-1a of 64 bits, as 16 hexadecimal digits. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  return value.toString(16).padStart(16, '0');
}
