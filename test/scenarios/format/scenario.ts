import type { KubernetesKind, ManifestObject } from './manifest-object.ts';

/** A change of one object of the API. */
export type ObjectChange =
  | { readonly kind: 'put'; readonly object: ManifestObject }
  | { readonly kind: 'delete'; readonly resource: KubernetesKind; readonly key: string };

/** Connections that a real server has from now on; what the kernel would count. */
export interface ConnectionCount {
  /** As the kernel tools name it, e.g. `-t 10.96.0.1:80`. */
  readonly virtualServer: string;
  readonly realServer: string;
  readonly active: number;
  readonly inactive: number;
}

/** State of the kernel as flat lines in order; see `state-lines.ts`. */
export interface Expectation {
  /** Line of the file at which it begins. */
  readonly line: number;
  readonly state: readonly string[];
}

/** What happens before one look at the kernel. Its parts happen in the order of these fields. */
export interface Step {
  /** What the text says after `then`; empty for the first step. */
  readonly title: string;
  readonly line: number;
  /** Whether a new process starts, which lists all objects again. */
  readonly restart: boolean;
  /** Changes made by somebody else, as lines of shell. */
  readonly commands: readonly string[];
  readonly connections: readonly ConnectionCount[];
  /** UDP flows that the kernel tracks from now on, as `client -> address via real server`. */
  readonly flows: readonly string[];
  /** Operations that fail, as the fake kernel describes them; each fails once. */
  readonly failures: readonly string[];
  /** New addresses on the node's interfaces; undefined when they stay. */
  readonly interfaces: readonly string[] | undefined;
  readonly changes: readonly ObjectChange[];
  /** Whether the kernel is read again and repaired. */
  readonly audit: boolean;
  /** Time that passes at the end of the step. */
  readonly waitMs: number;
  readonly expectation: Expectation | undefined;
  /** Every change of the kernel that the step makes, in order of the alphabet; undefined when it does not matter. */
  readonly writes: readonly string[] | undefined;
}

/** Objects in, kernel state out; written as text. */
export interface Scenario {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Command line of the program. */
  readonly flags: readonly string[];
  /** Settings of `ProxierConfiguration`, as YAML. */
  readonly proxierYaml: string;
  /** Why the end cannot be reached from the last objects alone; empty when it can. */
  readonly historyMatters: string;
  readonly steps: readonly Step[];
}
