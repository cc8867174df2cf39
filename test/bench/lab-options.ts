/** What the parts that run in the lab are told. */
export interface LabOptions {
  /** Names of the parts to measure. */
  readonly parts: readonly string[];
  /** Fewer repetitions. */
  readonly quick: boolean;
  /** What our side of the cold start takes outside the lab, see `parts/cold-start-alone.ts`; 0 when not measured. */
  readonly coldStartAloneMs: number;
  /** How long Node alone takes to start and end outside the lab, see `parts/start.ts`; 0 when not measured. */
  readonly bareNodeMs: number;
  /** Path of the compiled floor. */
  readonly replay: string;
  /** Where recordings and results may be written. */
  readonly directory: string;
}
