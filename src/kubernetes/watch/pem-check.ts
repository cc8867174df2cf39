import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Credentials } from './credentials.ts';

/**
 * Throws an `Error` that names the field when certificates or a key are none, or do not belong together: files that are being
 * replaced, one after the other, or text that was damaged on the way.
 */
export function checkPem({ ca, cert, key }: Pick<Credentials, 'ca' | 'cert' | 'key'>): void {
  if (ca !== undefined) certificateOf('certificate-authority', ca);
  if (cert === undefined || key === undefined) return;
  const certificate = certificateOf('client-certificate', cert);
  if (certificate.checkPrivateKey(privateKeyOf(key))) return;
  throw new Error('client-key does not belong to client-certificate; is one of the two being replaced?');
}

function certificateOf(what: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw new Error(`${what} is no certificate in PEM format; ${what}-data holds the base64 of one`, { cause: error });
  }
}

function privateKeyOf(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new Error('client-key is no private key in PEM format, or needs a password', { cause: error });
  }
}
