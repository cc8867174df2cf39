/** What the parts that run in the lab are told. */
export interface LabOptions {
  /** Names of the parts to measure. */
  readonly parts: readonly string[];
  /** Fewer repetitions. */
  readonly quick: boolean;
  /** Path of the compiled floor. */
  readonly replay: string;
  /** Where recordings and results may be written. */
  readonly directory: string;
}
