import { type ConfigProblem, problem } from './errors.ts';

/** How far a feature has come; blank is general availability. */
type FeatureStage = 'ALPHA' | 'BETA' | 'DEPRECATED' | '';

interface GateDefinition {
  readonly name: string;
  readonly stage: FeatureStage;
  readonly enabledByDefault: boolean;
  /** A locked gate cannot be set to anything but its default. */
  readonly locked?: boolean;
}

/** A gate and whether it is on. */
export interface FeatureGate {
  readonly name: string;
  readonly stage: FeatureStage;
  readonly enabled: boolean;
}

/** The gates that mean something here, as of Kubernetes 1.36. */
export const knownFeatureGates: readonly GateDefinition[] = [
  { name: 'AllAlpha', stage: 'ALPHA', enabledByDefault: false },
  { name: 'AllBeta', stage: 'BETA', enabledByDefault: false },
  { name: 'AllowServiceExternalIPs', stage: 'DEPRECATED', enabledByDefault: true },
  { name: 'ComponentFlagz', stage: 'BETA', enabledByDefault: true },
  { name: 'ComponentStatusz', stage: 'BETA', enabledByDefault: true },
  { name: 'ContextualLogging', stage: 'BETA', enabledByDefault: true },
  { name: 'LoggingAlphaOptions', stage: 'ALPHA', enabledByDefault: false },
  { name: 'LoggingBetaOptions', stage: 'BETA', enabledByDefault: true },
  { name: 'MultiCIDRServiceAllocator', stage: '', enabledByDefault: true, locked: true },
  { name: 'NativeHistograms', stage: 'ALPHA', enabledByDefault: false },
  { name: 'PreferSameTrafficDistribution', stage: '', enabledByDefault: true, locked: true },
];

/** The gates in effect, and what to warn about. */
export interface FeatureGateSettings {
  readonly gates: readonly FeatureGate[];
  /** Every known gate and every unknown one that was set. */
  readonly enabled: Readonly<Record<string, boolean>>;
  /** What may be set and should not be. */
  readonly warnings: readonly ConfigProblem[];
  /** Locked gates that are set to the other value. */
  readonly problems: readonly ConfigProblem[];
}

/**
 * Settles every gate from what was set. Names that are not in the table are kept and warned about, for upstream has
 * hundreds that mean nothing here.
 */
export function settleFeatureGates(wanted: Readonly<Record<string, boolean>>): FeatureGateSettings {
  const gates = knownFeatureGates.map((gate) => settle(gate, wanted));
  const known = new Set(gates.map((gate) => gate.name));
  const unknown = Object.keys(wanted).filter((name) => !known.has(name));
  const setGates = knownFeatureGates.filter((gate) => Object.hasOwn(wanted, gate.name));
  return {
    gates,
    enabled: { ...wanted, ...Object.fromEntries(gates.map((gate) => [gate.name, gate.enabled])) },
    warnings: [
      ...unknown.map((name) => gateProblem(name, `Feature gate ${name} has no meaning here and is ignored`)),
      ...setGates.flatMap((gate) => stageWarning(gate).map((text) => gateProblem(gate.name, text))),
    ],
    problems: setGates.flatMap((gate) => lockProblem(gate, wanted[gate.name])),
  };
}

function settle(gate: GateDefinition, wanted: Readonly<Record<string, boolean>>): FeatureGate {
  const own = Object.hasOwn(wanted, gate.name) ? wanted[gate.name] : undefined;
  const ofStage = gate.stage === 'ALPHA' ? wanted.AllAlpha : gate.stage === 'BETA' ? wanted.AllBeta : undefined;
  const isGroup = gate.name === 'AllAlpha' || gate.name === 'AllBeta';
  const inherited = isGroup ? undefined : ofStage;
  return { name: gate.name, stage: gate.stage, enabled: own ?? inherited ?? gate.enabledByDefault };
}

function lockProblem({ name, locked, enabledByDefault }: GateDefinition, own: boolean | undefined): ConfigProblem[] {
  if (locked !== true || own === enabledByDefault) return [];
  const bound = String(enabledByDefault);
  const text = `cannot set feature gate ${name} to ${own}, feature is locked to ${bound}`;
  return [gateProblem(name, text, { value: String(own), bound })];
}

function gateProblem(name: string, text: string, parts: Partial<ConfigProblem> = {}): ConfigProblem {
  return problem(text, { field: `featureGates.${name}`, ...parts });
}

function stageWarning(gate: GateDefinition): string[] {
  if (gate.stage === '') return [`Setting GA feature gate ${gate.name}; it will be removed in a future release`];
  if (gate.stage === 'DEPRECATED') return [`Setting deprecated feature gate ${gate.name}`];
  return [];
}
