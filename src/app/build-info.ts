/** What the program was built from. Texts are `unknown` where the build did not know, and when it is run from its source. */
interface BuildSource {
  /** Commit in full. */
  readonly commit: string;
  /** `clean`, `dirty`, or empty when unknown. */
  readonly treeState: string;
  /** ISO 8601, of the source. */
  readonly date: string;
}

/** Put in place of this name by the build. */
declare const ipvsProxierBuildSource: BuildSource;

export const buildSource: BuildSource =
  typeof ipvsProxierBuildSource === 'undefined'
    ? { commit: 'unknown', treeState: '', date: 'unknown' }
    : ipvsProxierBuildSource;
