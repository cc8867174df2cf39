import type { ProgramVersion } from '../config/program-version.ts';

/** Version of ipvs-proxier itself. */
export const programVersion = '0.1.0';

/** The Kubernetes release whose kube-proxy this program stands in for. */
export const version: ProgramVersion = { major: 1, minor: 36, patch: 0, text: 'v1.36.0' };
