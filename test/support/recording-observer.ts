import type { ReconcileObserver } from '../../src/reconcile/observer.ts';

/** Writes down what it hears, one line each: `failed address 10.96.0.1`, `applied realServer 3`. */
export class RecordingObserver implements ReconcileObserver {
  readonly lines: string[] = [];

  /** Lines that begin with the word. */
  heard(word: keyof ReconcileObserver): string[] {
    return this.lines.filter((line) => line.startsWith(`${word} `));
  }

  applied(kind: string, count: number): void {
    if (count > 0) this.lines.push(`applied ${kind} ${count}`);
  }

  failed(kind: string, object: string): void {
    this.lines.push(`failed ${kind} ${object}`);
  }

  recovered(kind: string, object: string): void {
    this.lines.push(`recovered ${kind} ${object}`);
  }

  drifted(kind: string, count: number): void {
    if (count > 0) this.lines.push(`drifted ${kind} ${count}`);
  }

  conflict(object: string, holder: string, loser: string): void {
    this.lines.push(`conflict ${object} ${holder} ${loser}`);
  }
}
