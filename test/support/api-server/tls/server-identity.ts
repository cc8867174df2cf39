import type { CertificateAndKey } from './certificate.ts';
import { CertificateAuthority } from './certificate.ts';

/** Who the API server is on TLS, and who it believes: one authority for the server and its clients. */
export class ServerIdentity {
  readonly #names: readonly string[];
  #generation = 1;
  #authority = new CertificateAuthority('api-server-authority-1');
  #server: CertificateAndKey;

  /** @param names host names and IP addresses of the server certificate */
  constructor(names: readonly string[]) {
    this.#names = names;
    this.#server = this.#issueServer();
  }

  /** The authority clients must trust, PEM. */
  get ca(): string {
    return this.#authority.certificate;
  }

  get server(): CertificateAndKey {
    return this.#server;
  }

  /** A new server certificate; with `newAuthority` also a new authority, so that the old one no longer helps. */
  rotate(newAuthority: boolean): void {
    this.#generation += 1;
    if (newAuthority) this.#authority = new CertificateAuthority(`api-server-authority-${this.#generation}`);
    this.#server = this.#issueServer();
  }

  /** A client certificate; the user name is the common name, the groups are the organizations. */
  issueClient(user: string, groups: readonly string[], notAfter?: Date): CertificateAndKey {
    return this.#authority.issue({
      commonName: user,
      organizations: groups,
      usage: 'client',
      ...(notAfter === undefined ? {} : { notAfter }),
    });
  }

  #issueServer(): CertificateAndKey {
    return this.#authority.issue({ commonName: 'api-server', usage: 'server', subjectAltNames: this.#names });
  }
}
