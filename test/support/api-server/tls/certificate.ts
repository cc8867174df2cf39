import type { KeyObject } from 'node:crypto';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import * as der from './der.ts';

/** A certificate and its private key, both PEM. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

/** What a new certificate says. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads group names from here. */
  readonly organizations?: readonly string[];
  /** Host names and IP addresses the certificate is good for. */
  readonly subjectAltNames?: readonly string[];
  readonly usage: 'authority' | 'server' | 'client';
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

interface Issuer {
  readonly commonName: string;
  readonly privateKey: KeyObject;
  readonly publicKey: Buffer;
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2'));

/** A certificate authority that lives in memory. Keys are P-256. */
export class CertificateAuthority {
  /** The authority's own certificate, PEM. */
  readonly certificate: string;
  readonly #issuer: Issuer;

  constructor(commonName: string) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' });
    this.#issuer = { commonName, privateKey: pair.privateKey, publicKey };
    this.certificate = buildCertificate({ commonName, usage: 'authority' }, publicKey, this.#issuer);
  }

  /** A new key and a certificate for it. Valid from one hour ago for one year unless told otherwise. */
  issue(request: CertificateRequest): CertificateAndKey {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' });
    return {
      certificate: buildCertificate(request, publicKey, this.#issuer),
      key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }
}

/** TBSCertificate of RFC 5280 section 4.1, signed by the issuer. */
function buildCertificate(request: CertificateRequest, publicKey: Buffer, issuer: Issuer): string {
  const now = Date.now();
  const toBeSigned = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(randomBytes(16)),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer.commonName, []),
    der.sequence(
      der.generalizedTime(request.notBefore ?? new Date(now - 3_600_000)),
      der.generalizedTime(request.notAfter ?? new Date(now + 365 * DAY_MS)),
    ),
    distinguishedName(request.commonName, request.organizations ?? []),
    publicKey,
    der.explicit(3, der.sequence(...extensions(request, publicKey, issuer))),
  );
  const signature = sign('sha256', toBeSigned, issuer.privateKey);
  const body = der.sequence(toBeSigned, ECDSA_WITH_SHA256, der.bitString(signature)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${body.replace(/.{64}(?!$)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(commonName: string, organizations: readonly string[]): der.Der {
  const attribute = (identifier: string, text: string) =>
    der.set(der.sequence(der.objectIdentifier(identifier), der.utf8String(text)));
  return der.sequence(...organizations.map((name) => attribute('2.5.4.10', name)), attribute('2.5.4.3', commonName));
}

function extensions(request: CertificateRequest, publicKey: Buffer, issuer: Issuer): der.Der[] {
  const authority = request.usage === 'authority';
  const list = [
    extension('2.5.29.19', authority ? der.sequence(der.boolean(true)) : der.sequence(), true),
    extension('2.5.29.15', keyUsage(authority), true),
    extension('2.5.29.14', der.octetString(keyIdentifier(publicKey))),
    extension('2.5.29.35', der.sequence(der.contextBytes(0, keyIdentifier(issuer.publicKey)))),
  ];
  if (!authority) list.push(extension('2.5.29.37', der.sequence(extendedUsage(request.usage))));
  const names = request.subjectAltNames ?? [];
  if (names.length > 0) list.push(extension('2.5.29.17', der.sequence(...names.map(generalName))));
  return list;
}

function extension(identifier: string, value: der.Der, critical = false): der.Der {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.objectIdentifier(identifier), ...flag, der.octetString(value));
}

/** keyCertSign and cRLSign for an authority, digitalSignature for the others (RFC 5280 section 4.2.1.3). */
function keyUsage(authority: boolean): der.Der {
  return authority ? der.bitString(Buffer.from([0x06]), 1) : der.bitString(Buffer.from([0x80]), 7);
}

function extendedUsage(usage: CertificateRequest['usage']): der.Der {
  return der.objectIdentifier(usage === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2');
}

function keyIdentifier(publicKey: Buffer): Buffer {
  return createHash('sha1').update(publicKey).digest();
}

/** dNSName is tag 2, iPAddress is tag 7 of GeneralName. */
function generalName(name: string): der.Der {
  if (isIP(name) === 0) return der.contextBytes(2, Buffer.from(name, 'ascii'));
  return der.contextBytes(7, Buffer.from(ipaddr.parse(name).toByteArray()));
}
